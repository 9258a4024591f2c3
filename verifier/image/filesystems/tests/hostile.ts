import assert from 'node:assert/strict';

import fc from 'fast-check';

import { Malformed, Unsupported } from '../../../bytes/failures.ts';
import type { ByteSource } from '../../byte-source.ts';
import type { FileSystem, FileSystemNode } from '../file-system.ts';

/** Reads as a hostile image may want it, up to some number of nodes. */
async function visit(node: FileSystemNode, budget: { left: number }): Promise<void> {
  if (budget.left-- <= 0) return;
  await node.xattr('user.extension-release.strict');
  if (node.kind === 'file') await node.read(65_536);
  if (node.kind === 'link') await node.target();
  if (node.kind !== 'directory') return;
  for (const name of await node.names(1000)) {
    const child = await node.lookup(name);
    if (child !== null) await visit(child, budget);
  }
}

/** A source that counts what is read of it. */
function counted(bytes: Uint8Array): ByteSource & { readonly total: () => number } {
  let total = 0;
  return {
    size: bytes.length,
    total: () => total,
    read: (offset, length) => {
      total += length;
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
  };
}

/**
 * Changes bytes of an image where they are not zero, and cuts it off: whatever comes of it is an answer or a refusal, after a
 * bounded amount of reading.
 */
export async function checkHostile(image: Uint8Array, open: (source: ByteSource) => Promise<FileSystem>) {
  const places = [...image.keys()].filter((at) => image[at] !== 0 && at < 400_000);
  const edit = fc.record({
    place: fc.nat(places.length - 1),
    value: fc.nat(255),
    length: fc.constantFrom(1, 1, 2, 4),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(image.length)),
      async (edits, cut) => {
        const bytes = Uint8Array.from(image.subarray(0, cut ?? image.length));
        for (const { place, value, length } of edits) {
          const at = places[place] ?? 0;
          bytes.fill(value, at, at + length);
        }
        const source = counted(bytes);
        try {
          await visit((await open(source)).root, { left: 60 });
        } catch (error) {
          assert.ok(error instanceof Malformed || error instanceof Unsupported, String(error));
        }
        assert.ok(source.total() < 512 * 1024 * 1024, `${source.total()} bytes were read`);
      },
    ),
    { numRuns: 400 },
  );
}
