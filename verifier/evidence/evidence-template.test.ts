import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Malformed } from '../bytes/failures.ts';
import { type Evidence, parseEvidence, toEvidenceDocument } from './evidence.ts';
import { parseByTemplate } from './evidence-template.ts';

const hash = 'a'.repeat(64);
const evidence: Evidence = {
  version: 1,
  claims: {
    version: 1,
    sets: [],
    merged: null,
    bootId: '0'.repeat(32),
    tlsKeySha256: null,
    logs: { firmware: null, userspace: { bytes: 0, sha256: hash, records: 0, incomplete: false } },
  },
  binding: { nonce: new Uint8Array(32).fill(1), path: [], root: new Uint8Array(32).fill(2) },
  quote: { attested: new Uint8Array(100).fill(3), signature: new Uint8Array(70).fill(4) },
  pcrs: new Map([['sha256', new Map([[13, new Uint8Array(32)]])]]),
  identity: {
    version: 1,
    endorsement: { public: new Uint8Array(5), certificate: null },
    attestation: { public: new Uint8Array(5) },
  },
  logs: { firmware: null, from: 0, userspace: new Uint8Array(0) },
};

/** As the endpoint writes it: the binding first. */
function textOf(changed: Partial<Evidence> = {}): string {
  const { binding, ...rest } = toEvidenceDocument({ ...evidence, ...changed });
  return JSON.stringify({ binding, ...rest });
}

const { template } = parseByTemplate(Buffer.from(textOf()), null);
assert.ok(template !== null);

function byTemplate(text: string): { readonly isShort: boolean; readonly evidence: Evidence } {
  const read = parseByTemplate(Buffer.from(text), template);
  return { isShort: read.evidence.claims === template?.evidence.claims, evidence: read.evidence };
}

const other = {
  binding: {
    nonce: new Uint8Array(20).fill(9),
    path: [
      { side: 'left', hash: new Uint8Array(32).fill(7) },
      { side: 'right', hash: new Uint8Array(32).fill(8) },
    ],
    root: new Uint8Array(32).fill(6),
  },
  quote: { attested: new Uint8Array(99).fill(5), signature: new Uint8Array(71).fill(5) },
} as const;

test('another binding and another quote are read as the strict parser reads them', () => {
  const text = textOf(other);
  const read = byTemplate(text);
  assert.ok(read.isShort);
  assert.deepEqual(read.evidence, parseEvidence(Buffer.from(text)));
});

test('whatever else differs is read whole', () => {
  for (const text of [
    textOf({ ...other, claims: { ...evidence.claims, bootId: '1'.repeat(32) } }),
    textOf({ ...other, logs: { ...evidence.logs, userspace: Uint8Array.of(1) } }),
    textOf(other).replace('"pcrs"', ' "pcrs"'),
    JSON.stringify(toEvidenceDocument({ ...evidence, ...other })),
  ]) {
    const read = byTemplate(text);
    assert.equal(read.isShort, false);
    assert.deepEqual(read.evidence, parseEvidence(Buffer.from(text)));
  }
});

test('what the strict parser refuses is refused with a template too', () => {
  const good = textOf(other);
  for (const text of [
    good.replace('"root"', '"nonce":"AAAA","root"'),
    good.replace('"side":"left"', '"side":"up"'),
    good.replace(/"attested":"[^"]*"/, '"attested":"AA"'),
    good.replace(/"attested":"[^"]*"/, '"attested":"AAB="'),
    good.replace(/"nonce":"[^"]*"/, '"nonce":"AAAA"'),
    good.replace('"quote":{', '"quote":{"more":1,'),
    good.replace(/,"quote":\{[^}]*\}/, ''),
    good.replace(/("quote":\{[^}]*\}),/, '$1,$1,'),
    `${good} {}`,
    good.slice(0, -1),
  ]) {
    assert.notEqual(text, good);
    assert.throws(() => parseEvidence(Buffer.from(text)), Malformed, text);
    assert.throws(() => byTemplate(text), Malformed, text);
  }
});

test('bytes that are not ASCII are not taken for others', () => {
  const named = { ...evidence.claims, sets: [set('ä')] };
  const first = parseByTemplate(Buffer.from(textOf({ claims: named })), null);
  const text = textOf({ ...other, claims: named });
  assert.deepEqual(
    parseByTemplate(Buffer.from(text), first.template).evidence,
    parseEvidence(Buffer.from(text)),
  );
  const broken = Buffer.from(text);
  broken[broken.indexOf(0xc3)] = 0xff;
  assert.throws(() => parseByTemplate(broken, first.template), Malformed);
});

function set(name: string): Evidence['claims']['sets'][number] {
  return { class: 'sysext', state: 'merged', policy: { name, version: '1', sha256: hash }, extensions: [] };
}
