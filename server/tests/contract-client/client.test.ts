import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { OpensslPki } from '../../../test-vectors/generate/openssl-pki.ts';
import { parseHex } from '../../../verifier/bytes/hex.ts';
import { toCredentialDocument } from '../../../verifier/enrolment/activation.ts';
import { beginEnrolment, concludeEnrolment } from '../../../verifier/enrolment/enrol.ts';
import { appraise, parseCertificates, trustOnlyPolicy } from '../../../verifier/index.ts';
import { type Endpoint, startEndpoint } from '../../cli/endpoint.ts';
import { urlOf } from '../../http/listen.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../../tpm-device/software-tpm.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { TpmMaker } from '../endorsed-tpm.ts';
import { type ContractClient, createClient } from './client.ts';
import { generatedTypes, typesFile } from './generated-types.ts';

/** A verifier that knows openapi.yaml, and the library for what is in the answers; nothing of the server. */

const pki = new OpensslPki();
const maker = new TpmMaker();
const root = mkdtempSync(join(tmpdir(), 'touchstone-contract-client-'));
let tpm: SoftwareTpm;
let endpoint: Endpoint;
let client: ContractClient;

before(async () => {
  tpm = await startSoftwareTpm({ stateDirectory: maker.make() });
  const authority = { subject: '/CN=authority', extensions: ['basicConstraints=critical,CA:TRUE'] };
  const issuer = pki.issue(authority);
  const host = pki.issue({ subject: '/CN=host', issuer, extensions: ['subjectAltName=IP:127.0.0.1'] });
  const own = pki.issue({ subject: '/CN=verifier', issuer, extensions: ['extendedKeyUsage=clientAuth'] });
  chmodSync(host.key, 0o600);
  endpoint = await startEndpoint({
    ...{ root, device: openTpm({ tcti: tpm.tcti }), measurePcr: 13, log: () => undefined },
    address: { host: '127.0.0.1', port: 0 },
    tls: { certificate: host.certificate, key: host.key, clientCa: issuer.certificate },
  });
  const read = (file: string): string => readFileSync(file, 'utf8');
  const credentials = {
    ca: read(issuer.certificate),
    certificate: read(own.certificate),
    key: read(own.key),
  };
  client = createClient(urlOf(endpoint.server), credentials);
});

after(async () => {
  await endpoint.stop();
  await tpm.stop();
  pki.remove();
  maker.remove();
  rmSync(root, { recursive: true, force: true });
});

test('the types are what openapi.yaml says today', async () => {
  assert.equal(
    readFileSync(typesFile, 'utf8'),
    await generatedTypes(readFileSync('openapi.yaml', 'utf8')),
    'npm run build && node dist/server/tests/contract-client/write-types.js',
  );
});

test('the client and what it imports are not of the server', () => {
  for (const file of ['client.ts', 'contract-types.ts']) {
    const text = readFileSync(join(dirname(typesFile), file), 'utf8');
    for (const [, from = ''] of text.matchAll(/ from '([^']+)'/g))
      assert.match(from, /^(?:node:|\.\/contract-types\.ts$)/);
  }
});

test('a client written from openapi.yaml enrols a host over TLS and takes evidence that convinces', async () => {
  const identity = await client.ask('getIdentity', undefined);
  assert.equal(identity.status, 200);
  const roots = [maker.root, maker.issuer].flatMap((file) => parseCertificates(readFileSync(file), file));
  const begun = beginEnrolment({ identity: identity.bytes, roots, now: new Date() });
  assert.ok(begun.begun);
  const opened = await client.ask('activateCredential', toCredentialDocument(begun.credential));
  assert.equal(opened.status, 200);
  const circumstances = { url: urlOf(endpoint.server), now: new Date() };
  const enrolled = concludeEnrolment(begun, opened.bytes, circumstances);
  assert.ok(enrolled.enrolled);

  const nonce = new Uint8Array(32).fill(5);
  const answer = await client.ask('createAttestation', { nonce: Buffer.from(nonce).toString('base64') });
  assert.equal(answer.status, 200);
  const tlsKeySha256 = createHash('sha256').update(answer.hostKey).digest('hex');
  assert.equal(answer.body.claims.tlsKeySha256, tlsKeySha256);
  const verdict = appraise({
    ...{ evidence: answer.bytes, nonce, identity: enrolled.record.identity, labels: new Map() },
    ...{ policy: trustOnlyPolicy([]), now: new Date(), tlsKeySha256: parseHex(tlsKeySha256, 'key') },
  });
  // Nothing was gated here, and nothing else may speak against it.
  assert.deepEqual(
    verdict.reasons.map(({ code }) => code),
    ['not-gated'],
  );
});

test('a problem tells the client what it did wrong, by a type that it knows', async () => {
  const answer = await client.ask('createAttestation', { nonce: 'short' });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.type, 'urn:touchstone:problem:bad-request');
  const { body, status } = await client.ask('getExtensions', undefined);
  assert.equal(status, 200);
  assert.equal(body.classes.length, 2);
});
