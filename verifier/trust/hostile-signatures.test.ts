import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { message } from '../../test-vectors/generate/cms-writer.ts';
import { der } from '../../test-vectors/generate/der-writer.ts';
import { issuers, judgedAt, parse, vendor } from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { parseHex } from '../bytes/hex.ts';
import type { TrustAnchors } from './anchors.ts';
import { parseDer } from './der.ts';
import { verifyRootHashSignature } from './root-hash-signature.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const rootHash = parseHex('0123456789abcdef'.repeat(4), 'root hash');
const otherHash = parseHex('0123456789abcdee'.repeat(4), 'root hash');

const root = issue('root', null);
const signer = leaf(root);
const pinned = vendor([signer], { name: 'pinned', mode: 'pinned' });
const issued = vendor([root], { name: 'issued' });
const genuine = parse(signer).sha256;
const sign = (attributes: boolean, embed: 'none' | 'signer' | readonly Issued[]) =>
  pki.sign(rootHash, { signers: [signer], attributes, embed, tool: 'cms' });

/** Judges hostile bytes: whatever they are, only the genuine signer may come out. */
function accepts(bytes: Uint8Array, anchors: TrustAnchors): boolean {
  const verdict = verifyRootHashSignature(rootHash, bytes, [anchors], judgedAt);
  if (!verdict.signed) {
    assert.ok(verdict.reasons.length > 0, 'a refusal without a reason');
    return false;
  }
  const { spkiSha256, sha256 } = verdict.signature.signers[0].certificate;
  assert.equal(spkiSha256, parse(signer).spkiSha256, 'another key');
  if (anchors.mode === 'pinned') assert.equal(sha256, genuine, 'another signer');
  return true;
}

function acceptsOther(bytes: Uint8Array): boolean {
  return verifyRootHashSignature(otherHash, bytes, [pinned], judgedAt).signed;
}

function flips(bytes: Uint8Array, step = 1): { bit: number; flipped: Uint8Array }[] {
  return Array.from({ length: Math.floor((bytes.length * 8) / step) }, (_, at) => {
    const [bit, flipped] = [at * step, new Uint8Array(bytes)];
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return { bit, flipped };
  });
}

const acceptedBits = (bytes: Uint8Array, anchors: TrustAnchors, step?: number) => {
  assert.equal(accepts(bytes, anchors), true);
  return flips(bytes, step).flatMap(({ bit, flipped }) => (accepts(flipped, anchors) ? [bit] : []));
};

for (const attributes of [false, true]) {
  const bytes = sign(attributes, 'none');
  test(`no bit of a message ${attributes ? 'with' : 'without'} attributes can change`, () => {
    assert.deepEqual(acceptedBits(bytes, pinned), []);
  });

  test(`no bit of a message ${attributes ? 'with' : 'without'} attributes makes it sign another hash`, () => {
    assert.equal(
      flips(bytes).some(({ flipped }) => acceptsOther(flipped)),
      false,
    );
  });
}

test('a changed bit of an embedded certificate never makes another signer of a pinned one', () => {
  const bytes = sign(false, 'signer');
  const start = Buffer.from(bytes).indexOf(signer.der);
  for (const bit of acceptedBits(bytes, pinned, 3)) {
    assert.ok(
      bit >> 3 >= start && bit >> 3 < start + signer.der.length,
      `bit ${bit} is outside the certificate`,
    );
  }
});

test('no bit can change of a message whose signer is trusted through its embedded certificate', () => {
  assert.deepEqual(acceptedBits(sign(false, 'signer'), issued, 3), []);
});

const samples = [sign(false, 'none'), sign(true, 'none'), sign(false, 'signer'), sign(true, [root])];
const place = fc.nat({ max: 4000 });
const edit = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    at: place,
    value: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    value: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat({ max: 40 }) }),
  fc.record({ kind: fc.constant('splice' as const), at: place, from: place, other: fc.nat({ max: 3 }) }),
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function apply(bytes: Uint8Array, one: Edit): Uint8Array {
  const at = one.at % (bytes.length + 1);
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (one.kind) {
    case 'set':
      return Buffer.concat([before, one.value, behind.subarray(one.value.length)]);
    case 'insert':
      return Buffer.concat([before, one.value, behind]);
    case 'cut':
      return Buffer.concat([before, behind.subarray(one.length)]);
    case 'splice': {
      const other = samples[one.other] ?? bytes;
      return Buffer.concat([before, other.subarray(one.from % other.length)]);
    }
  }
}

test('random edits are refused as values, or leave signer and hash as they were', () => {
  fc.assert(
    fc.property(fc.nat({ max: 3 }), fc.array(edit, { minLength: 1, maxLength: 3 }), (which, edits) => {
      const bytes = edits.reduce(apply, samples[which] ?? new Uint8Array());
      accepts(bytes, pinned);
      accepts(bytes, issued);
    }),
    { numRuns: 1500 },
  );
});

const primitive = fc
  .tuple(
    fc.constantFrom(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x80),
    fc.uint8Array({ maxLength: 12 }),
  )
  .map(([tag, content]) => der(tag, content));
const structure = fc.letrec<{ value: Uint8Array }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    primitive,
    fc
      .tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa1), fc.array(tie('value'), { maxLength: 6 }))
      .map(([tag, children]) => der(tag, ...children)),
  ),
})).value;

test('random structures in every place of a message are refused as values', () => {
  fc.assert(
    fc.property(
      fc.array(structure, { maxLength: 3 }),
      fc.array(structure, { maxLength: 3 }),
      structure,
      (a, b, c) => {
        accepts(message({ signers: a, certificates: b }), pinned);
        accepts(message({ signers: a, encapsulated: c }), pinned);
        accepts(c, issued);
      },
    ),
    { numRuns: 500 },
  );
});

test('the largest and deepest inputs are refused within a second', () => {
  const nested = (tag: number) =>
    Array.from({ length: 200 }).reduce<Uint8Array>((inner) => der(tag, inner), der(tag));
  const mebibyte = 1024 * 1024;
  const inputs = [
    nested(0x30),
    nested(0x24),
    new Uint8Array(mebibyte),
    der(0x06, new Uint8Array(mebibyte - 8).fill(0x81)),
    der(0x0d, new Uint8Array(mebibyte - 8).fill(0x81)),
    message({ signers: [der(0x04, der(0x0d, new Uint8Array(mebibyte - 400).fill(0x01)))] }),
    message({ signers: [der(0x30, der(0x02, new Uint8Array(mebibyte - 400).fill(0x01)))] }),
    new Uint8Array(mebibyte).fill(0x30),
    der(
      0x30,
      new Uint8Array(mebibyte - 8).map((_, at) => (at % 2 ? 0 : 5)),
    ),
    message({ signers: [der(0x04, new Uint8Array(mebibyte - 200))] }),
    message({ signers: Array.from({ length: 60_000 }, () => der(0x30)) }),
    message({
      certificates: Array.from({ length: 16 }, () => der(0x30, new Uint8Array(60_000))),
      signers: [],
    }),
    message({
      signers: [],
      encapsulated: der(
        0x30,
        Buffer.concat(Array.from({ length: 30_000 }, () => der(0x06, Uint8Array.of(1)))),
      ),
    }),
  ];
  for (const [which, bytes] of inputs.entries()) {
    const begin = process.cpuUsage();
    assert.equal(accepts(bytes, pinned), false);
    assert.ok(process.cpuUsage(begin).user < 1_000_000, `input ${which}`);
  }
});

test('sixteen signers, each naming sixteen certificates that all issued each other, are refused within a second', () => {
  const extensions = ['basicConstraints=CA:TRUE', 'subjectKeyIdentifier=hash'];
  const first = issue('mesh', null, { extensions });
  const mesh = [first, ...Array.from({ length: 15 }, () => issue('mesh', null, { key: first, extensions }))];
  const one = pki.sign(rootHash, { signers: [first], tool: 'cms', embed: 'none', options: ['-keyid'] });
  const info =
    parseDer(one, 'message').children[1]?.children[0]?.children.at(-1)?.children[0]?.raw ?? new Uint8Array();
  const bytes = message({
    version: 3,
    certificates: mesh.map((certificate) => certificate.der),
    signers: Array.from({ length: 16 }, () => info),
  });
  const begin = process.cpuUsage();
  const verdict = verifyRootHashSignature(rootHash, bytes, [pinned, issued], judgedAt);
  assert.equal(!verdict.signed && verdict.reasons[0]?.code, 'signer-untrusted');
  assert.ok(process.cpuUsage(begin).user < 1_000_000);
});
