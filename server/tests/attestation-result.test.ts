import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { createLocalJWKSet, jwtVerify } from 'jose';

import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { toBase64 } from '../../verifier/bytes/base64.ts';
import { toEvidenceDocument } from '../../verifier/evidence/evidence.ts';
import { toEnrolmentDocument } from '../../verifier/enrolment/enrolment-record.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** Signed results as a relying party takes them: by the JWK set, and by openssl that knows nothing of JWT. */

const nonce = new Uint8Array(Buffer.alloc(32, 0x2a));
const names = { ES256: 'p256.key', EdDSA: 'ed25519.key' } as const;
let machine: SampleMachine;
let options: readonly string[];

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

const at = (name: string): string => join(machine.root, name);

before(async () => {
  machine = await SampleMachine.start();
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  await touchstone('gate', '--root', machine.root, '--tcti', machine.tpm.tcti);
  const { root, device } = machine;
  const host = await ensureIdentity(root, device);
  const evidence = await createAttester({ root, device, measurePcr: 13, ...host }).attest(nonce);
  writeFileSync(at('evidence.json'), JSON.stringify(toEvidenceDocument(evidence)));
  const record = toEnrolmentDocument({
    ...{ enrolled: new Date(), url: 'http://127.0.0.1:7431/', endorsement: { trust: 'first-use' } },
    ...{ attestationKeyName: host.attestationKey.name, tpm: null, identity: host.identity },
  });
  writeFileSync(at('identity.json'), JSON.stringify(record));
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at(names.EdDSA)]);
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  execFileSync('openssl', ['genpkey', ...curve, '-out', at(names.ES256)]);
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', at('rsa.key')], { stdio: 'ignore' });
  options = [
    ...['appraise', at('evidence.json'), '--identity', at('identity.json')],
    ...['--policy', machine.policyFile],
  ];
});

after(() => machine.stop());

async function resultOf(key: string, ...more: readonly string[]): Promise<string> {
  const answer = toBase64(nonce);
  const result = ['--result', at('result.jwt'), '--result-key', at(key), ...more];
  const { err } = await touchstone(...options, '--nonce', answer, ...result);
  assert.equal(err, '');
  return readFileSync(at('result.jwt'), 'utf8').trimEnd();
}

for (const algorithm of ['ES256', 'EdDSA'] as const) {
  test(`a relying party that has the JWK set reads a result signed with ${algorithm}`, async () => {
    const { out } = await touchstone('jwks', at(names.EdDSA), at(names.ES256));
    const token = await resultOf(names[algorithm], '--result-host', 'edge-1');
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(JSON.parse(out)), {
      ...{ typ: 'eat+jwt', algorithms: [algorithm], requiredClaims: ['eat_profile', 'submods', 'iat'] },
    });
    assert.equal(protectedHeader.alg, algorithm);
    assert.equal(payload['eat_nonce'], Buffer.from(nonce).toString('base64url'));
    assert.equal(payload.exp! - payload.iat!, 300);
    const submods = payload['submods'] as Record<string, Record<string, unknown>>;
    assert.deepEqual(
      Object.entries(submods).map(([name, one]) => [name, one['ear.status']]),
      [
        ['edge-1', 'affirming'],
        ['edge-1/sysext/vendor-a', 'affirming'],
      ],
    );
    assert.doesNotMatch(out, /"d":/, 'the set has no private key');
  });
}

test('openssl verifies the signature over the two parts as they are', async () => {
  const [header = '', payload = '', signature = ''] = (await resultOf(names.EdDSA)).split('.');
  writeFileSync(at('signed'), `${header}.${payload}`);
  writeFileSync(at('signature'), Buffer.from(signature, 'base64url'));
  execFileSync('openssl', ['pkey', '-in', at(names.EdDSA), '-pubout', '-out', at('public.pem')]);
  const args = ['-verify', '-pubin', '-inkey', at('public.pem'), '-rawin', '-in', at('signed')];
  const judge = spawnSync('openssl', ['pkeyutl', ...args, '-sigfile', at('signature')], { encoding: 'utf8' });
  assert.match(judge.stdout, /Signature Verified Successfully/);
});

test('a no is signed as well, and its exit code stays 1', async () => {
  const result = ['--result', at('no.jwt'), '--result-key', at(names.ES256), '--result-profile', 'ietf'];
  const { code } = await touchstone(...options, '--nonce', toBase64(new Uint8Array(32)), ...result);
  assert.equal(code, 1);
  const [, payload = ''] = readFileSync(at('no.jwt'), 'utf8').split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  assert.equal(claims.ear_status, 'contraindicated');
  assert.deepEqual(claims.submods.host.ear_trustworthiness_vector, { 'instance-identity': 99 });
  assert.equal(claims.submods.host.touchstone.reasons[0].code, 'nonce-mismatch');
  assert.equal(statSync(at('no.jwt')).mode & 0o777, 0o600);
});

test('keys of other kinds and half of the options are usage errors before anything is appraised', async () => {
  const asked = [...options, '--nonce', toBase64(nonce)];
  const rsa = await touchstone(...asked, '--result', at('x.jwt'), '--result-key', at('rsa.key'));
  assert.equal(rsa.code, 2);
  assert.match(rsa.err, /rsa\.key is no key for attestation results; give one of P-256 or Ed25519/);
  const half = await touchstone(...asked, '--result', at('x.jwt'));
  assert.equal(half.code, 2);
  assert.match(half.err, /--result FILE and --result-key FILE go together/);
  const lifetime = await touchstone(...asked, '--result-lifetime', '1.5');
  assert.equal(lifetime.code, 2);
  assert.equal((await touchstone('jwks', at('identity.json'))).code, 2);
});
