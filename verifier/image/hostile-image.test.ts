import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { repairGpt } from '../../test-vectors/generate/gpt-writer.ts';
import { makeDdi } from '../../test-vectors/generate/make-image.ts';
import { CouldNotDecide, Malformed, Unsupported } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { bytesSource } from './bytes-source.ts';
import { checkRootHashClaims, type Image, openImage, verityParts } from './image.ts';
import { verifyTree } from './verity-tree.ts';

const block = { dataBlockSize: 512, hashBlockSize: 512 };
const data = Buffer.from(Array.from({ length: 40 * 512 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
const made = makeDdi({ data, verity: block, sign: () => Buffer.alloc(64, 's') });

/** What an accepted image means to those who go on with it: what was signed, and which bytes will be mounted. */
function meaning({ signature, verity, data: extent }: Image): string {
  assert.ok(signature && verity);
  const covered = verity.dataBlocks * verity.dataBlockSize;
  return JSON.stringify([signature.rootHash, toHex(signature.cms), extent.offset, covered]);
}

/** The meaning of an image that would go on to the signature check; null if it is refused. */
async function accepted(bytes: Uint8Array): Promise<string | null> {
  const source = bytesSource(bytes);
  let image: Image;
  try {
    image = await openImage(source);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported || error instanceof CouldNotDecide)
      return null;
    throw error;
  }
  const rootHash = image.signature?.rootHash;
  if (rootHash === undefined || checkRootHashClaims(image, rootHash).length > 0) return null;
  const parts = verityParts(image, source);
  assert.ok(parts);
  return (await verifyTree(parts, rootHash)).intact ? meaning(image) : null;
}

function flipped(bit: number, repair: boolean): Buffer {
  const bytes = Buffer.from(made.bytes);
  const at = Math.floor(bit / 8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  if (repair) repairGpt(bytes);
  return bytes;
}

/** Bits of a part of the image, each of them or every so many. */
const bits = (offset: number, length: number, step = 1) =>
  Array.from({ length: Math.ceil((length * 8) / step) }, (_, index) => offset * 8 + index * step);

const signatureOffset = made.signatureOffset ?? 0;
const parts: readonly [name: string, bits: readonly number[]][] = [
  ['protective MBR', bits(0, 512, 7)],
  ['GPT header', bits(512, 96)],
  ['GPT entries in use', bits(1024, 3 * 128)],
  ['GPT entries not in use', bits(1024 + 3 * 128, 125 * 128, 997)],
  ['data', bits(made.dataOffset, data.length, 331)],
  ['verity superblock', bits(made.verityOffset, 512)],
  ['hash tree', bits(made.verityOffset + 512, made.verityLength - 512, 29)],
  ['signature', bits(signatureOffset, made.signatureLength)],
  ['after the signature', bits(signatureOffset + made.signatureLength, 16_384 - made.signatureLength, 4999)],
  ['backup table', bits(made.bytes.length - 33 * 512, 33 * 512, 997)],
];

const genuine = await accepted(made.bytes);

test('the image itself is accepted', () => assert.notEqual(genuine, null));

for (const [name, positions] of parts) {
  test(`no flipped bit changes what an accepted image means: ${name}`, async () => {
    for (const bit of positions) {
      const result = await accepted(flipped(bit, false));
      // A flipped bit of the signature is for the signature check to find: it has another CMS.
      if (name === 'signature' && result !== null && result !== genuine)
        assert.match(result, changedSignatureOnly);
      else assert.ok(result === null || result === genuine, `bit ${bit}: ${result ?? ''}`);
    }
  });
}

const [rootHash, , ...extent] = JSON.parse(genuine ?? '[]') as [string, string, number, number];
const changedSignatureOnly = new RegExp(`^\\["${rootHash}","[0-9a-f]+",${extent.join(',')}\\]$`);

test('nor does one in a table whose CRCs were made right again', async () => {
  const header = [...bits(512, 16), ...bits(512 + 20, 68)];
  for (const bit of [...header, ...bits(1024, 4 * 128)]) {
    let bytes: Buffer;
    try {
      bytes = flipped(bit, true);
    } catch {
      continue; // the flipped bit left nothing that could be made right
    }
    const result = await accepted(bytes);
    assert.ok(result === null || result === genuine, `bit ${bit}: ${result ?? ''}`);
  }
});

test('mutated images throw nothing but refusals', async () => {
  const size = made.bytes.length;
  const places = fc.oneof(
    fc.nat(size - 1),
    fc.integer({ min: 440, max: 1024 + 4 * 128 }),
    fc.integer({ min: made.verityOffset, max: made.verityOffset + 512 }),
    fc.integer({ min: signatureOffset, max: signatureOffset + made.signatureLength }),
    fc.integer({ min: size - 512, max: size - 1 }),
  );
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
  const edit = fc.record({
    at: places,
    bytes: fc.oneof(bytes, fc.constant(Buffer.alloc(8, 0xff)), fc.constant(Buffer.alloc(8))),
  });
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  const cut = fc.option(fc.nat(size), { freq: 8 });
  await fc.assert(
    fc.asyncProperty(edits, cut, fc.boolean(), async (list, end, repair) => {
      const image = Buffer.from(made.bytes);
      for (const { at, bytes: written } of list) image.set(written.subarray(0, size - at), at);
      if (repair) tryRepair(image);
      const result = await accepted(end === null ? image : image.subarray(0, end));
      if (result !== null) assert.match(result, changedSignatureOnly);
    }),
    { numRuns: 2000, seed: 4096 },
  );
});

function tryRepair(image: Buffer): void {
  try {
    repairGpt(image);
  } catch {
    // What cannot be repaired is tried as it is.
  }
}
