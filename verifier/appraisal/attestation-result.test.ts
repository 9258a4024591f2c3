import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadAppraisalPolicy } from '../appraisal-policy/load-appraisal-policy.ts';
import { policyText } from '../appraisal-policy/tests/sample-host.ts';
import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { policy } from '../policy/tests/asked.ts';
import { type Reason, reason, type ReasonCode } from '../reasons.ts';
import type { Appraisal, AppraisedExtension } from './appraisal.ts';
import { type ResultContext, toAttestationResult } from './attestation-result.ts';
import { extensionVector, hostVector } from './trustworthiness.ts';

const hash = toHex(digest('sha256', 'root'));

const tools: AppraisedExtension = {
  ...{ class: 'sysext', name: 'tools', version: '2', rootHash: hash, verdict: 'accepted' },
  ...{ signer: 'CN=Vendor', rule: 'vendor', reasons: [] },
};

const site: AppraisedExtension = { ...tools, class: 'confext', name: 'site' };

function refused(extension: AppraisedExtension, ...reasons: Reason[]): AppraisedExtension {
  return { ...extension, verdict: 'refused', reasons };
}

const measured = { policy: { type: 'policy', name: 'edge', version: '12', sha256: hash } } as const;

const good: Appraisal = {
  verdict: 'trustworthy',
  reasons: [],
  warnings: [],
  hostPolicy: null,
  host: null,
  attestationKey: hash,
  quote: {} as NonNullable<Appraisal['quote']>,
  firmware: null,
  system: [],
  sets: [
    { class: 'sysext', state: 'merged', ...measured },
    { class: 'confext', state: 'merged', ...measured },
  ],
  observed: null,
  extensions: [tools, site],
};

const context: ResultContext = {
  profile: 'veraison',
  nonce: Uint8Array.from([0xfb, 0xff, 1, 2, 3, 4, 5, 6]),
  policy,
  issuedAt: new Date(1_790_000_000_999),
  expiresAt: null,
  verifier: { developer: 'https://example.org/touchstone', build: '0.1.0' },
  host: 'edge-1',
};

test('a result of the veraison profile has the names that its relying parties read', () => {
  const result = toAttestationResult(good, context);
  const policyId = `urn:touchstone:policy:test:1:sha256:${policy.sha256}`;
  assert.deepEqual(result, {
    eat_profile: 'tag:github.com,2023:veraison/ear',
    iat: 1_790_000_000,
    'ear.verifier-id': context.verifier,
    eat_nonce: '-_8BAgMEBQY',
    submods: {
      'edge-1': {
        'ear.status': 'affirming',
        'ear.trustworthiness-vector': { 'instance-identity': 2, 'file-system': 2, configuration: 2 },
        'ear.appraisal-policy-id': policyId,
        touchstone: {
          ...{
            verdict: 'trustworthy',
            attestationKey: hash,
            firmware: null,
            sets: good.sets,
            observed: null,
          },
          ...{ reasons: [], warnings: [] },
          policies: [policyId],
        },
      },
      'edge-1/sysext/tools': {
        'ear.status': 'affirming',
        'ear.trustworthiness-vector': { 'file-system': 2 },
        'ear.appraisal-policy-id': policyId,
        touchstone: { version: '2', rootHash: hash, signer: 'CN=Vendor', rule: 'vendor', reasons: [] },
      },
      'edge-1/confext/site': {
        'ear.status': 'affirming',
        'ear.trustworthiness-vector': { configuration: 2 },
        'ear.appraisal-policy-id': policyId,
        touchstone: { version: '2', rootHash: hash, signer: 'CN=Vendor', rule: 'vendor', reasons: [] },
      },
    },
  });
});

const hosts = loadAppraisalPolicy({ text: Buffer.from(policyText('{ merged: true }')), path: 'hosts.yaml' });
const hostsId = `urn:touchstone:appraisal-policy:hosts:3:sha256:${hosts.sha256}`;
const extensionsId = `urn:touchstone:policy:test:1:sha256:${policy.sha256}`;

test('the policy about hosts is named for the host, and both in a claim of our own', () => {
  const result = JSON.parse(
    JSON.stringify(toAttestationResult(good, { ...context, appraisalPolicy: hosts })),
  ) as {
    submods: Record<string, Record<string, unknown> & { touchstone: { policies?: unknown } }>;
  };
  const of = (submodule: string) => result.submods[submodule]?.['ear.appraisal-policy-id'];
  assert.deepEqual([of('edge-1'), of('edge-1/sysext/tools')], [hostsId, extensionsId]);
  assert.deepEqual(result.submods['edge-1']?.touchstone.policies, [hostsId, extensionsId]);
  const draft = toAttestationResult(good, { ...context, profile: 'ietf', appraisalPolicy: hosts });
  assert.ok(JSON.stringify(draft).includes(JSON.stringify([hostsId, extensionsId])));
});

test('what the policy about hosts finds fault with is said of that part of the host', () => {
  const vector = (...codes: ReasonCode[]) =>
    hostVector({ ...good, verdict: 'not-trustworthy', reasons: codes.map((code) => reason(code, 'Why.')) });
  const rest = { 'instance-identity': 2, 'file-system': 2, configuration: 2 };
  assert.deepEqual(vector('boot-not-listed', 'pcr-not-listed'), { ...rest, executables: 32 });
  assert.deepEqual(vector('secure-boot-off'), { ...rest, configuration: 32 });
  assert.deepEqual(vector('enrolment-insufficient'), { ...rest, 'instance-identity': 97 });
  assert.deepEqual(vector('firmware-too-old'), { ...rest, hardware: 32 });
  assert.deepEqual(vector('fact-unknown'), { ...rest, 'file-system': 0, configuration: 0 });
});

test('a warning is in the result, without its place, and the status is what it would be', () => {
  const warned = { ...good, warnings: [reason('secure-boot-off', 'Secure Boot is off.', 'hosts.yaml:9:3')] };
  const text = JSON.stringify(toAttestationResult(warned, context));
  assert.ok(text.includes('"warnings":[{"code":"secure-boot-off","message":"Secure Boot is off."}]'));
  assert.ok(!/"ear.status":"(?!affirming)/.test(text));
  assert.deepEqual(hostVector(warned), hostVector(good));
});

test('a result of the ietf profile has the names of the draft, a status of its own and the nonce beside each', () => {
  const expiresAt = new Date(1_790_000_300_000);
  const result = toAttestationResult(good, { ...context, profile: 'ietf', expiresAt });
  const names = new Set(JSON.stringify(result).match(/"ear[^"]*"/g));
  assert.deepEqual([...names].sort(), [
    '"ear_appraisal_policy_ids"',
    '"ear_status"',
    '"ear_trustworthiness_vector"',
    '"ear_verifier_id"',
  ]);
  assert.deepEqual(
    [result['eat_profile'], result['ear_status'], result['exp']],
    ['tag:ietf.org,2026:rats/ear#03', 'affirming', 1_790_000_300],
  );
});

test('a host with one refused extension is contraindicated, and the others are not', () => {
  const bad = refused(site, reason('root-hash-revoked', 'Revoked.', 'policy.yaml:3:1'));
  const result = toAttestationResult(
    { ...good, verdict: 'not-trustworthy', extensions: [tools, bad] },
    context,
  );
  const text = JSON.stringify(result);
  assert.deepEqual(text.match(/"ear.status":"[a-z]+"/g), [
    '"ear.status":"contraindicated"',
    '"ear.status":"affirming"',
    '"ear.status":"contraindicated"',
  ]);
  assert.doesNotMatch(text, /policy\.yaml/, 'where it stands in our files is not told');
});

test('the vector tells what is known to be bad from what nobody knows', () => {
  const unknown = refused(tools, reason('signer-untrusted', 'Not ours.'));
  const revoked = refused(tools, reason('signer-untrusted', 'No.'), reason('certificate-revoked', 'No.'));
  assert.deepEqual(extensionVector(unknown), { 'file-system': 32 });
  assert.deepEqual(extensionVector(revoked), { 'file-system': 96 });
  assert.deepEqual(hostVector({ ...good, extensions: [tools, unknown, site] }), {
    ...{ 'instance-identity': 2, 'file-system': 32, configuration: 2 },
  });
});

test('what speaks against the host speaks against both classes', () => {
  const violation = { ...good, reasons: [reason('violation', 'Merged behind its back.')] };
  assert.deepEqual(hostVector(violation), {
    ...{ 'instance-identity': 2, 'file-system': 96, configuration: 96 },
  });
  const notGated = { ...good, sets: [], extensions: [], reasons: [reason('not-gated', 'Nothing.')] };
  assert.deepEqual(hostVector(notGated), {
    ...{ 'instance-identity': 2, 'file-system': 32, configuration: 32 },
  });
});

test('without a verified quote nothing is said but that it is not the host', () => {
  const without = (...reasons: Reason[]): object =>
    hostVector({ ...good, quote: null, sets: [], extensions: [], reasons });
  assert.deepEqual(without(reason('quote-signature-invalid', 'No.')), { 'instance-identity': 99 });
  assert.deepEqual(without(reason('identity-mismatch', 'No.')), { 'instance-identity': 97 });
  assert.deepEqual(without(reason('identity-mismatch', 'No.'), reason('nonce-mismatch', 'No.')), {
    'instance-identity': 99,
  });
  assert.deepEqual(without(reason('malformed', 'No.')), { 'instance-identity': 1 });
});

test('what could not be told is neither affirmed nor contradicted', () => {
  const late = refused(site, reason('revocation-unknown', 'The list is late.'));
  const result = toAttestationResult({ ...good, verdict: 'undecided', extensions: [tools, late] }, context);
  assert.deepEqual(JSON.stringify(result).match(/"ear.status":"[a-z]+"/g), [
    '"ear.status":"none"',
    '"ear.status":"affirming"',
    '"ear.status":"none"',
  ]);
  assert.deepEqual(hostVector({ ...good, extensions: [late] }), {
    ...{ 'instance-identity': 2, 'file-system': 2, configuration: 0 },
  });
  const unknown = refused(site, reason('signer-untrusted', 'Not ours.'));
  assert.equal(hostVector({ ...good, extensions: [late, unknown] }).configuration, 32);
});

test('what was started at boot is affirmed where Secure Boot is on, and nothing else', () => {
  const firmware = (state: 'on' | 'off' | 'unclear'): Appraisal['firmware'] => ({
    secureBoot: { state, message: null, dbxEntries: null, sbatDate: null },
    ...{ images: [], sections: [], unexplainedPcrs: [] },
  });
  const executables = (appraisal: Appraisal): number | undefined => hostVector(appraisal).executables;
  assert.equal(executables({ ...good, firmware: firmware('on') }), 3);
  assert.equal(executables({ ...good, firmware: firmware('off') }), undefined);
  assert.equal(executables({ ...good, firmware: firmware('unclear') }), undefined);
  const refused = [reason('violation', 'A violation.')];
  assert.equal(executables({ ...good, firmware: firmware('on'), reasons: refused }), undefined);
});
