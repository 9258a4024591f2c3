import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { appraise } from '../../verifier/appraisal/appraise.ts';
import { toBase64 } from '../../verifier/bytes/base64.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { Claims } from '../../verifier/evidence/claims.ts';
import {
  type Evidence,
  type EvidenceDocument,
  toEvidenceDocument,
} from '../../verifier/evidence/evidence.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { buildNonceTree } from '../../verifier/evidence/nonce-tree.ts';
import { qualifyingData } from '../../verifier/evidence/qualifying-data.ts';
import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { createAttester } from '../attester/attester.ts';
import { ensureIdentity } from '../attester/identity.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { gate } from '../host/gate.ts';
import { recordEvents } from '../host/systemd/measure-log.ts';
import { SampleMachine } from './sample-machine.ts';
import { policyFiles } from '../host/policy-files.ts';

/** Evidence of a real quote, changed by an attacker on the way or by a host that lies: none of it may convince. */

const nonce = new Uint8Array(Buffer.alloc(32, 0x2a));
let machine: SampleMachine;
let policy: Policy;
let identity: Identity;
let handle: number;
let evidence: Evidence;

before(async () => {
  machine = await SampleMachine.start();
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  machine.put('var/lib/confexts/vendor-b.raw', machine.image('b'));
  const source = { text: await readFile(machine.policyFile), path: 'policy.yaml' };
  policy = await loadPolicy({ ...source, files: policyFiles(machine.policyFile, '/') });
  const { root, device } = machine;
  const report = await gate({
    root,
    device,
    policy,
    classes: ['sysext', 'confext'],
    full: true,
    knowledge: await readHostKnowledge(root),
    now: new Date(),
  });
  assert.ok(report.open);
  const host = await ensureIdentity(root, device);
  ({ identity, attestationKeyHandle: handle } = host);
  evidence = await createAttester({ root, device, measurePcr: 13, ...host }).attest(nonce);
});

after(() => machine.stop());

function verdictOf(document: unknown, expectedNonce = nonce) {
  return appraise({
    evidence: Buffer.from(JSON.stringify(document)),
    nonce: expectedNonce,
    identity,
    policy,
    ...{ now: new Date(), labels: new Map() },
  });
}

function codesOf(document: unknown, expectedNonce = nonce): string[] {
  const { verdict, reasons, extensions } = verdictOf(document, expectedNonce);
  const codes = [...reasons, ...extensions.flatMap((extension) => extension.reasons)].map(({ code }) => code);
  const gap = codes.every((code) => code === 'log-incomplete') ? 'undecided' : 'not-trustworthy';
  assert.equal(verdict, codes.length === 0 ? 'trustworthy' : gap);
  return codes;
}

/** A copy of the evidence with an edit. */
function edited(edit: (document: EvidenceDocument) => void): EvidenceDocument {
  const document = structuredClone(toEvidenceDocument(evidence));
  edit(document);
  return document;
}

function withLog(document: EvidenceDocument, change: (records: string[]) => string[]): EvidenceDocument {
  const records = Buffer.from(document.logs.userspace, 'base64').toString().split('\u001e').slice(1);
  document.logs.userspace = Buffer.from(
    change(records)
      .map((record) => `\u001e${record}`)
      .join(''),
  ).toString('base64');
  return document;
}

/** A host whose root makes claims of its choice and has the TPM quote them: the log is the only thing it cannot bend. */
async function lie(change: (document: EvidenceDocument) => void): Promise<EvidenceDocument> {
  const document = edited(change);
  const log = Buffer.from(document.logs.userspace, 'base64');
  const records = log.toString().split('\u001e').length - 1;
  const { incomplete } = document.claims.logs.userspace;
  document.claims.logs.userspace = {
    bytes: log.length,
    sha256: toHex(digest('sha256', log)),
    records,
    incomplete,
  };
  return requote(document, document.claims);
}

async function requote(document: EvidenceDocument, claims: Claims): Promise<EvidenceDocument> {
  const pcrs = Object.keys(document.pcrs['sha256'] ?? {}).map(Number);
  const data = qualifyingData(buildNonceTree([nonce]).root, claims);
  const quote = await machine.device.quote(handle, { bank: 'sha256', pcrs, qualifyingData: data });
  const values = await machine.device.readPcrs('sha256', pcrs);
  document.pcrs = { sha256: Object.fromEntries([...values].map(([index, value]) => [index, toHex(value)])) };
  document.quote = { attested: toBase64(quote.attested), signature: toBase64(quote.signature) };
  return document;
}

test('the evidence as it is convinces', () => {
  assert.deepEqual(codesOf(toEvidenceDocument(evidence)), []);
});

test('evidence for an earlier challenge is a replay', () => {
  assert.deepEqual(codesOf(toEvidenceDocument(evidence), new Uint8Array(32)), ['nonce-mismatch']);
});

test('an earlier answer relabelled with the new nonce does not lead to the quoted root', () => {
  const fresh = Buffer.alloc(32, 9);
  const relabelled = edited((document) => (document.binding.nonce = fresh.toString('base64')));
  assert.deepEqual(codesOf(relabelled, fresh), ['nonce-mismatch']);
  relabelled.binding.root = toHex(buildNonceTree([fresh]).root);
  assert.deepEqual(codesOf(relabelled, fresh), ['claims-mismatch']);
});

test('a quote by the key of another TPM is refused, with its own identity or under this one', async () => {
  const other = await SampleMachine.start();
  try {
    const host = await ensureIdentity(other.root, other.device);
    const attester = createAttester({ root: other.root, device: other.device, measurePcr: 13, ...host });
    const stranger = toEvidenceDocument(await attester.attest(nonce));
    assert.deepEqual(codesOf(stranger), ['identity-mismatch', 'quote-signature-invalid']);
    stranger.identity = toEvidenceDocument(evidence).identity;
    assert.deepEqual(codesOf(stranger), ['quote-signature-invalid']);
  } finally {
    await other.stop();
  }
});

test('a log with one event dropped, added or edited on its way is refused, each for its own reason', () => {
  const count = evidence.claims.logs.userspace.records;
  assert.equal(count, 5);
  for (let at = 0; at < count; at++) {
    const dropped = edited((document) => withLog(document, (records) => records.toSpliced(at, 1)));
    assert.deepEqual(codesOf(dropped), ['log-event-missing']);
    const added = edited((document) =>
      withLog(document, (records) => records.toSpliced(at, 0, records[at] ?? '')),
    );
    assert.deepEqual(codesOf(added), ['log-event-added']);
    const changed = edited((document) =>
      withLog(document, (records) =>
        records.with(at, (records[at] ?? '').replace('touchstone', 'touchstonf')),
      ),
    );
    assert.deepEqual(codesOf(changed), ['log-event-edited']);
  }
  const swapped = edited((document) => withLog(document, ([a, b, ...rest]) => [b ?? '', a ?? '', ...rest]));
  assert.deepEqual(codesOf(swapped), ['log-event-edited']);
});

test('a host that drops, adds or reorders events and has its claims quoted cannot make the log replay', async () => {
  const changes: ((records: string[]) => string[])[] = [
    (records) => records.slice(0, -1),
    (records) => records.slice(1),
    (records) => [...records, records[0] ?? ''],
    ([a, b, ...rest]) => [b ?? '', a ?? '', ...rest],
    () => [],
  ];
  for (const change of changes) {
    const document = await lie((one) => withLog(one, change));
    assert.ok(codesOf(document).includes('log-replay-mismatch'), change.toString());
  }
});

test('a host that edits the text of an event beside its true digest is caught by the text', async () => {
  const document = await lie((one) =>
    withLog(one, (records) => records.map((record) => record.replace('vendor-a', 'vendor-z'))),
  );
  assert.deepEqual(codesOf(document), ['log-event-edited']);
});

test('claims that were edited after the quote are not covered by it', () => {
  const edits: ((claims: Claims) => void)[] = [
    (claims) => (claims.bootId = '0'.repeat(32)),
    (claims) => claims.sets.pop(),
    (claims) => (claims.sets[0]!.state = 'merged'),
    (claims) => (claims.sets[0]!.extensions[0]!.signature = null),
    (claims) => (claims.logs.userspace.incomplete = true),
    (claims) => (claims.tlsKeySha256 = '0'.repeat(64)),
  ];
  for (const edit of edits)
    assert.deepEqual(codesOf(edited(({ claims }) => edit(claims))), ['claims-mismatch']);
});

test('a host that has other sets quoted than its log ends with is refused', async () => {
  const lies: ((claims: Claims) => void)[] = [
    (claims) => claims.sets.pop(),
    (claims) => claims.sets.splice(0),
    (claims) => (claims.sets[1] = claims.sets[0]!),
    (claims) => (claims.sets[0]!.state = 'merged'),
    (claims) => claims.sets[0]!.extensions.pop(),
    (claims) => (claims.sets[0]!.extensions[0]!.rule = 'another rule'),
    (claims) => (claims.sets[0]!.policy.version = '2'),
  ];
  for (const change of lies) {
    const codes = codesOf(await lie(({ claims }) => change(claims)));
    assert.ok(codes.includes('set-mismatch'), `${change.toString()}: ${codes.join()}`);
  }
});

test("each image's own signature is verified again", async () => {
  const swap = (value: string | null) =>
    lie(({ claims }) => (claims.sets[0]!.extensions[0]!.signature = value));
  const { rootHash } = evidence.claims.sets[0]!.extensions[0]!;
  const sign = (signer: typeof machine.vendor) => toBase64(machine.pki.sign(rootHash, { signers: [signer] }));
  assert.deepEqual(codesOf(await swap(null)), ['unsigned']);
  assert.deepEqual(codesOf(await swap(sign(machine.stranger))), ['signer-untrusted']);
  assert.deepEqual(codesOf(await swap(evidence.claims.sets[1]!.extensions[0]!.signature)), [
    'signature-invalid',
  ]);
  assert.deepEqual(codesOf(await swap('AAAA')), ['malformed']);
  assert.deepEqual(codesOf(await swap('A')), ['malformed']);
});

test('a signature of the same image by another trusted signer is not the one that was measured', async () => {
  const second = machine.pki.issue({ subject: '/CN=second' });
  const text = await readFile(machine.policyFile, 'utf8');
  const both = text.replace('certificates: [', `certificates: [${JSON.stringify(second.certificate)}, `);
  const source = { text: Buffer.from(both), path: 'policy.yaml' };
  const wider = await loadPolicy({ ...source, files: policyFiles(machine.policyFile, '/') });
  const { rootHash } = evidence.claims.sets[0]!.extensions[0]!;
  const signature = toBase64(machine.pki.sign(rootHash, { signers: [second] }));
  const document = await lie(({ claims }) => (claims.sets[0]!.extensions[0]!.signature = signature));
  const input = {
    evidence: Buffer.from(JSON.stringify(document)),
    nonce,
    identity,
    policy: wider,
    ...{ now: new Date(), labels: new Map<string, string>() },
  };
  const { extensions } = appraise(input);
  assert.deepEqual(
    extensions[0]?.reasons.map(({ code }) => code),
    ['set-mismatch'],
  );
});

test('rules about one of the forms that evidence does not tell apart are asked for the one that was measured', async () => {
  const stranger = join(machine.root, 'etc/touchstone/stranger.pem');
  await writeFile(stranger, await readFile(machine.stranger.certificate));
  const judged = async (sidecars: string, images: string): Promise<string[]> => {
    const text = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: forms, version: 1 }
trust:
  vendor: { certificates: [vendor.pem], pinned: true }
  stranger: { certificates: [stranger.pem], pinned: true }
rules:
  - { name: sidecars, match: { form: sidecar }, require: { signedBy: [${sidecars}] } }
  - { name: vendor tools, match: { form: ddi }, require: { signedBy: [${images}] } }
`;
    const files = policyFiles(machine.policyFile, '/');
    const other = await loadPolicy({ text: Buffer.from(text), path: 'forms.yaml', files });
    const { extensions } = appraise({
      evidence: Buffer.from(JSON.stringify(toEvidenceDocument(evidence))),
      ...{ nonce, identity, policy: other, now: new Date(), labels: new Map() },
    });
    return extensions.map(({ verdict }) => verdict);
  };
  assert.deepEqual(await judged('stranger', 'vendor'), ['accepted', 'accepted']);
  assert.deepEqual(await judged('vendor', 'stranger'), ['refused', 'refused']);
});

test('PCR values and selections other than those quoted are refused', () => {
  const values = (document: EvidenceDocument): Record<string, string> => document.pcrs['sha256'] ?? {};
  assert.deepEqual(codesOf(edited((one) => (values(one)['7'] = '11'.repeat(32)))), ['pcr-digest-mismatch']);
  assert.deepEqual(codesOf(edited((one) => (values(one)['8'] = '00'.repeat(32)))), [
    'pcr-selection-mismatch',
  ]);
  assert.deepEqual(codesOf(edited((one) => delete values(one)['13'])), ['pcr-selection-mismatch']);
  assert.deepEqual(codesOf(edited((one) => (one.pcrs = {}))), ['pcr-selection-mismatch']);
  assert.deepEqual(codesOf(edited((one) => (one.pcrs = { sha1: {}, ...one.pcrs }))), [
    'pcr-selection-mismatch',
  ]);
});

test('a quote without the extension PCR is refused, however true it is', async () => {
  const document = edited(({ pcrs }) => delete pcrs['sha256']?.['13']);
  assert.deepEqual(codesOf(await requote(document, document.claims)), ['pcr-selection-mismatch']);
});

test('a log that says of itself that it is incomplete is not forgiven', async () => {
  assert.deepEqual(codesOf(await lie(({ claims }) => (claims.logs.userspace.incomplete = true))), [
    'log-incomplete',
  ]);
});

test('no leaf of the evidence can be changed by itself', () => {
  let changes = 0;
  const visit = (path: readonly (string | number)[], value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) visit([...path, key], member);
      return;
    }
    const document = edited((one) => {
      const parent = path.slice(0, -1).reduce<unknown>((node, key) => Reflect.get(Object(node), key), one);
      Reflect.set(Object(parent), path.at(-1) ?? '', changeLeaf(value));
    });
    assert.notEqual(verdictOf(document).verdict, 'trustworthy', path.join('.'));
    changes++;
  };
  visit([], toEvidenceDocument(evidence));
  assert.ok(changes > 40);
});

function changeLeaf(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return 'AAAA';
  const at = value.length >> 1;
  return value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1);
}

test('what is not evidence at all is malformed, never an exception', () => {
  for (const document of [null, [], {}, 'x', { version: 2 }])
    assert.deepEqual(codesOf(document), ['malformed']);
  for (const text of ['', '{', '\u0000', '{"version":1,"version":1}']) {
    const { reasons } = appraise({
      evidence: Buffer.from(text),
      nonce,
      identity,
      policy,
      now: new Date(),
      labels: new Map(),
    });
    assert.equal(reasons[0]?.code, 'malformed');
  }
});

test('a certificate that has expired since the merge is found', () => {
  const { extensions } = appraise({
    evidence: Buffer.from(JSON.stringify(toEvidenceDocument(evidence))),
    ...{ nonce, identity, policy, now: new Date('2040-01-01'), labels: new Map() },
  });
  assert.equal(extensions[0]?.reasons[0]?.code, 'certificate-expired');
});

test('evidence must continue what the host proved before, if the verifier says what that was', async () => {
  const asDocument = (one: Evidence): Buffer => Buffer.from(JSON.stringify(toEvidenceDocument(one)));
  const line = 'touchstone-unmerged:confext';
  await recordEvents(machine.device, machine.root, 13, [line]);
  const host = await ensureIdentity(machine.root, machine.device);
  const attester = createAttester({ root: machine.root, device: machine.device, measurePcr: 13, ...host });
  const later = await attester.attest(nonce);
  const common = { nonce, identity, policy, now: new Date(), labels: new Map<string, string>() };
  const forwards = { ...common, evidence: asDocument(later), previous: asDocument(evidence) };
  assert.deepEqual(appraise(forwards).reasons, []);
  const [why] = appraise({ ...common, evidence: asDocument(evidence), previous: asDocument(later) }).reasons;
  assert.equal(why?.code, 'discontinuous');
  for (const change of [
    (document: EvidenceDocument): unknown => (document.claims.bootId = 'a'.repeat(32)),
    (document: EvidenceDocument): unknown => withLog(document, (records) => records.slice(1)),
  ]) {
    const previous = Buffer.from(JSON.stringify(edited(change)));
    assert.throws(() => appraise({ ...forwards, previous }), /previous evidence/);
  }
});

test('a violation in the log counts against the host for the rest of the boot', async () => {
  const line = 'touchstone-violation:sysext:set-mismatch:evil:';
  await recordEvents(machine.device, machine.root, 13, [line]);
  const host = await ensureIdentity(machine.root, machine.device);
  const attester = createAttester({ root: machine.root, device: machine.device, measurePcr: 13, ...host });
  const document = toEvidenceDocument(await attester.attest(nonce));
  assert.deepEqual(codesOf(document), ['violation']);
});
