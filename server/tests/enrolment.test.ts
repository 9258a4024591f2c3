import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import request, { type Response } from 'supertest';

import { toBase64 } from '../../verifier/bytes/base64.ts';
import { toCredentialDocument } from '../../verifier/enrolment/activation.ts';
import { type Credential, makeCredential } from '../../verifier/enrolment/credential.ts';
import { parseEnrolmentRecord } from '../../verifier/enrolment/enrolment-record.ts';
import { parseTpm2bPublic } from '../../verifier/tpm/public-area.ts';
import type { HostIdentity } from '../attester/identity.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { type Endpoint, startEndpoint } from '../cli/endpoint.ts';
import { urlOf } from '../http/listen.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { Contract } from './contract.ts';
import { TpmMaker } from './endorsed-tpm.ts';
import { collect } from './sample-machine.ts';

/** A host with a TPM that has its maker's certificates, and its endpoint. */
interface Host {
  readonly root: string;
  readonly tpm: SoftwareTpm;
  readonly endpoint: Endpoint;
}

const maker = new TpmMaker();
const contract = new Contract();
const scratch = mkdtempSync(join(tmpdir(), 'touchstone-enrolment-'));
const secret = new Uint8Array(32).fill(7);
let host: Host;
let other: Host;

async function startHost(stateDirectory?: string): Promise<Host> {
  const root = mkdtempSync(join(tmpdir(), 'touchstone-host-'));
  const tpm = await startSoftwareTpm(stateDirectory === undefined ? {} : { stateDirectory });
  const endpoint = await startEndpoint({
    ...{ root, device: openTpm({ tcti: tpm.tcti }), measurePcr: 13, log: () => undefined },
    address: { host: '127.0.0.1', port: 0 },
  });
  return { root, tpm, endpoint };
}

async function stopHost({ root, tpm, endpoint }: Host): Promise<void> {
  await endpoint.stop();
  await tpm.stop();
  rmSync(root, { recursive: true, force: true });
}

before(async () => {
  host = await startHost(maker.make());
  other = await startHost(maker.make());
});

after(async () => {
  await stopHost(host);
  await stopHost(other);
  maker.remove();
  rmSync(scratch, { recursive: true, force: true });
});

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

function enroll(url: string, ...more: readonly string[]) {
  return touchstone('enroll', url, '--ek-root', maker.root, '--ek-root', maker.issuer, ...more);
}

async function activation(body: object): Promise<Response> {
  const response = await request(urlOf(host.endpoint.server)).post('/v1/identity/activation').send(body);
  contract.check('post', '/v1/identity/activation', response);
  return response;
}

function credentialFor({ identity, attestationKey }: HostIdentity, of = identity): Credential {
  const endorsementKey = parseTpm2bPublic(of.endorsement.public);
  return makeCredential({ endorsementKey, attestationKeyName: attestationKey.name, secret });
}

test('touchstone enroll: a TPM of a maker who is trusted, and the record by which its evidence is appraised', async () => {
  const file = join(scratch, 'host.json');
  const { code, out, err } = await enroll(urlOf(host.endpoint.server), '--out', file);
  assert.equal(code, 0, out + err);
  assert.match(out, /^ENROLLED\n {2}attestation key {2}000b[0-9a-f]{64}\n {2}TPM +id:00001014 swtpm id:/);
  const record = parseEnrolmentRecord(new Uint8Array(readFileSync(file)));
  assert.equal(record.attestationKeyName, host.endpoint.identity.attestationKey.name);
  assert.equal(record.endorsement.trust, 'maker');
  assert.match(record.tpm?.firmwareVersion ?? '', /^[0-9a-f]{16}$/);
  // One by swtpm_setup, one by us.
  assert.equal(record.tpm?.resetCount, 2);
  assert.equal(record.url, `${urlOf(host.endpoint.server)}/`);
});

test('an enrolment record is not written over', async () => {
  const file = join(scratch, 'host.json');
  const before = readFileSync(file);
  const { code, err } = await enroll(urlOf(other.endpoint.server), '--out', file);
  assert.equal(code, 2);
  assert.match(err, /exists already/);
  assert.deepEqual(readFileSync(file), before);
});

test('without certificates of makers, a host is taken only on an explicit word, and the record says so', async () => {
  const url = urlOf(host.endpoint.server);
  assert.equal((await touchstone('enroll', url)).code, 2);
  assert.equal((await enroll(url, '--trust-on-first-use')).code, 2);
  const { code, out } = await touchstone('enroll', url, '--trust-on-first-use', '--json');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out).record.endorsement, { trust: 'first-use' });
});

test('a TPM of another maker, and one without a certificate, are refused', async () => {
  const stranger = new TpmMaker();
  stranger.make();
  const args = ['--ek-root', stranger.root, '--json'];
  const refused = await touchstone('enroll', urlOf(host.endpoint.server), ...args);
  stranger.remove();
  assert.equal(refused.code, 1, refused.err);
  assert.deepEqual(codesOf(refused.out), ['endorsement-untrusted']);
  const bare = await startHost();
  try {
    const { code, out } = await enroll(urlOf(bare.endpoint.server), '--json');
    assert.equal(code, 1);
    assert.deepEqual(codesOf(out), ['endorsement-missing']);
  } finally {
    await stopHost(bare);
  }
});

function codesOf(out: string): string[] {
  return JSON.parse(out).reasons.map(({ code }: { code: string }) => code);
}

/** An endpoint that answers for itself, or lets the host answer. */
async function impostor(
  answers: Readonly<Record<string, () => Promise<string> | string>>,
): Promise<{ url: string; stop: () => void }> {
  const server = createServer((asked, response) => {
    const answer = answers[`${asked.method ?? ''} ${asked.url ?? ''}`];
    asked.resume();
    void Promise.resolve(answer?.() ?? '').then((body) => {
      response.setHeader('content-type', 'application/json');
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, stop: () => void server.close() };
}

const identityOf = async ({ endpoint }: Host) =>
  JSON.parse(await (await fetch(`${urlOf(endpoint.server)}/v1/identity`)).text());

test('a host that shows the endorsement of a TPM that it does not have is refused', async () => {
  const [ours, theirs] = [await identityOf(host), await identityOf(other)];
  const { certificate } = theirs.endorsement;
  for (const [endorsement, code] of [
    [{ ...ours.endorsement, certificate }, 'endorsement-mismatch'],
    [
      { public: theirs.endorsement.public, certificate: ours.endorsement.certificate },
      'endorsement-mismatch',
    ],
    [{ ...ours.endorsement, public: ours.attestation.public }, 'endorsement-key-unfit'],
  ] as const) {
    const { url, stop } = await impostor({
      'GET /v1/identity': () => JSON.stringify({ ...ours, endorsement }),
    });
    const refused = await enroll(url, '--json');
    stop();
    assert.equal(refused.code, 1);
    assert.ok(codesOf(refused.out).includes(code), refused.out);
  }
});

test('a key that is not in the TPM of the endorsement is refused, whoever answers, and a secret of before too', async () => {
  const [ours, theirs] = [await identityOf(host), await identityOf(other)];
  const mixed = JSON.stringify({ ...ours, attestation: theirs.attestation });
  const before = toBase64(secret);
  for (const answer of [before, before.slice(0, 40), '', 'no base64']) {
    const { url, stop } = await impostor({
      'GET /v1/identity': () => mixed,
      'POST /v1/identity/activation': () => JSON.stringify({ secret: answer }),
    });
    const refused = await enroll(url, '--json');
    stop();
    assert.equal(refused.code, 1);
    assert.match(codesOf(refused.out).join(), /^(?:credential-not-activated|malformed)$/);
  }
});

test('POST /v1/identity/activation opens the credential for its keys', async () => {
  const { status, body } = await activation(toCredentialDocument(credentialFor(host.endpoint.identity)));
  assert.equal(status, 200);
  assert.deepEqual(body, { secret: toBase64(secret) });
});

test('it opens no other: for another TPM, for another key, tampered with', async () => {
  const own = credentialFor(host.endpoint.identity);
  const foreign = credentialFor(host.endpoint.identity, other.endpoint.identity.identity);
  const otherKey = makeCredential({
    endorsementKey: parseTpm2bPublic(host.endpoint.identity.identity.endorsement.public),
    attestationKeyName: other.endpoint.identity.attestationKey.name,
    secret,
  });
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  for (const credential of [
    foreign,
    otherKey,
    { ...own, credentialBlob: flip(own.credentialBlob, 10) },
    { ...own, credentialBlob: flip(own.credentialBlob, 60) },
    { ...own, encryptedSecret: flip(own.encryptedSecret, 100) },
  ]) {
    const { status, body } = await activation(toCredentialDocument(credential));
    assert.equal(status, 422);
    assert.equal(body.type, 'urn:touchstone:problem:credential-refused');
  }
  assert.equal((await activation(toCredentialDocument(own))).status, 200);
});

test('what is no credential never reaches the TPM', async () => {
  const { credentialBlob, encryptedSecret } = toCredentialDocument(credentialFor(host.endpoint.identity));
  const base64 = (...bytes: readonly number[]): string => toBase64(Uint8Array.from(bytes));
  for (const body of [
    {},
    { credentialBlob },
    { credentialBlob, encryptedSecret, more: 1 },
    { credentialBlob: base64(0, 4, 0, 2, 1, 1), encryptedSecret },
    { credentialBlob: base64(0, 9, 0, 2, 1, 1, 0, 0, 0), encryptedSecret },
    { credentialBlob: base64(0, 70, ...new Array<number>(70).fill(0), 1), encryptedSecret },
    { credentialBlob: base64(0, 70, 0, 66, ...new Array<number>(68).fill(0)), encryptedSecret },
    { credentialBlob: base64(0, 74, 0, 2, ...new Array<number>(72).fill(0)), encryptedSecret },
    { credentialBlob, encryptedSecret: base64(0, 1, 2, 3) },
    { credentialBlob, encryptedSecret: base64(0xff, 0xff, 2, 3) },
    { credentialBlob: 7, encryptedSecret },
  ])
    assert.equal((await activation(body)).status, 400, JSON.stringify(body));
});

test('many refused credentials leave the TPM no less able', async () => {
  const wrong = toCredentialDocument(credentialFor(host.endpoint.identity, other.endpoint.identity.identity));
  for (let round = 0; round < 70; round++) assert.equal((await activation(wrong)).status, 422);
  assert.equal((await activation(toCredentialDocument(credentialFor(host.endpoint.identity)))).status, 200);
});

test('more than a few at once are told to come back', async () => {
  const body = toCredentialDocument(credentialFor(host.endpoint.identity));
  const statuses = (await Promise.all(Array.from({ length: 8 }, () => activation(body)))).map(
    ({ status }) => status,
  );
  assert.ok(statuses.includes(200));
  assert.ok(statuses.includes(503));
});

test('a TPM that is gone gives 503, and enroll does not decide', async () => {
  const gone = await startHost(maker.make());
  const credential = toCredentialDocument(credentialFor(gone.endpoint.identity));
  await gone.tpm.stop();
  const url = urlOf(gone.endpoint.server);
  assert.equal((await request(url).post('/v1/identity/activation').send(credential)).status, 503);
  assert.equal((await enroll(url)).code, 3);
  await gone.endpoint.stop();
  rmSync(gone.root, { recursive: true, force: true });
});
