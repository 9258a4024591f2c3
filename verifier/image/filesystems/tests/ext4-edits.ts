import assert from 'node:assert/strict';

import type { Malformed, Unsupported } from '../../../bytes/failures.ts';
import { bytesSource } from '../../bytes-source.ts';
import { openExt4 } from '../ext4.ts';
import type { FileSystemNode } from '../file-system.ts';

export type Edit = (image: Buffer) => unknown;

/** An edit that writes one number. */
export const put =
  (size: 1 | 2 | 4, at: number, value: number): Edit =>
  (image) =>
    image.writeUIntLE(value, at, size);

/** An edit that sets bits of a number. */
export const set =
  (at: number, bits: number): Edit =>
  (image) =>
    image.writeUInt32LE((image.readUInt32LE(at) | bits) >>> 0, at);

/** A copy with edits. */
export function edited(image: Buffer, ...edits: readonly Edit[]): Buffer {
  const copy = Buffer.from(image);
  for (const edit of edits) edit(copy);
  return copy;
}

/** Opens an image, and everything in it. */
export async function use(image: Uint8Array): Promise<void> {
  await visit((await openExt4(bytesSource(image))).root);
}

async function visit(node: FileSystemNode): Promise<void> {
  await node.xattr('user.x');
  if (node.kind === 'file') await node.read(2 ** 24);
  if (node.kind === 'link') await node.target();
  if (node.kind !== 'directory') return;
  for (const name of await node.names(1000)) {
    const child = await node.lookup(name);
    assert.ok(child !== null, name);
    await visit(child);
  }
}

/** Checks that an image is refused after an edit, in the words that belong to it. */
export async function refuses(
  image: Buffer,
  edit: Edit,
  kind: typeof Malformed | typeof Unsupported,
  message: RegExp,
): Promise<void> {
  await assert.rejects(use(edited(image, edit)), (error) => {
    assert.ok(error instanceof kind, `${String(error)}, not ${message}`);
    assert.match(error.message, message);
    return true;
  });
}
