import type { BigIntStats } from 'node:fs';

import { CouldNotDecide, Unsupported } from '../bytes/failures.ts';
import type { ExtendedAttribute, TreeEntry, TreeNode } from '../image/tree-entry.ts';
import { isReleasePath, releaseFileBytes } from '../image/tree-view.ts';
import { readContent } from './directory-content.ts';
import { checkUnchanged, closeAll, deviceNumber, statusOf } from './directory-status.ts';
import type { Found } from './directory-walk.ts';

/**
 * Reads all extended attributes of open files, which Node cannot. The answers are in the order of the descriptors, which are
 * this process's, opened with O_PATH, and so may be of symbolic links, devices and FIFOs too.
 *
 * Contract: throws `CouldNotDecide` rather than leave out an attribute; gives none where the file system has none.
 */
export type ReadAttributes = (
  descriptors: readonly number[],
) => Promise<readonly (readonly ExtendedAttribute[])[]>;

/** An entry with what is kept of it besides. */
export interface ReadEntry {
  readonly entry: TreeEntry;
  /** Of a release file that is small enough. */
  readonly content: Uint8Array | null;
  /** How many names the inode has, in the tree and outside it. */
  readonly names: number;
}

/** As many as are open at once, and as many as one run of the tool that reads attributes is given. */
const batchSize = 256;

interface ReadNode {
  readonly node: TreeNode;
  readonly content: Uint8Array | null;
}

/** Turns what a walk finds into entries, in the same order. */
export class EntryReader {
  readonly #readAttributes: ReadAttributes;
  readonly #onBytes: (bytes: number) => void;
  #dataBytesLeft: bigint;
  /** Inodes with several names are read once. */
  readonly #linked = new Map<string, { readonly status: BigIntStats; readonly read: ReadNode }>();

  /**
   * @param dataBytes how many bytes there may be in regular files.
   * @param onBytes called with the number of bytes of each piece of a file that was read.
   */
  constructor(readAttributes: ReadAttributes, dataBytes: number, onBytes: (bytes: number) => void) {
    this.#readAttributes = readAttributes;
    this.#dataBytesLeft = BigInt(dataBytes);
    this.#onBytes = onBytes;
  }

  /** @throws CouldNotDecide if anything changed since it was found. */
  async *read(walk: Iterable<Found>): AsyncGenerator<ReadEntry, void, undefined> {
    let batch: Found[] = [];
    try {
      for (const found of walk) {
        batch.push(found);
        if (batch.length < batchSize) continue;
        yield* await this.#readBatch(batch);
        closeAll(descriptorsOf(batch));
        batch = [];
      }
      yield* await this.#readBatch(batch);
    } finally {
      closeAll(descriptorsOf(batch));
    }
  }

  async #readBatch(batch: readonly Found[]): Promise<ReadEntry[]> {
    if (batch.length === 0) return [];
    const attributes = await this.#readAttributes(descriptorsOf(batch));
    if (attributes.length !== batch.length)
      throw new CouldNotDecide('the extended attributes of some files were not read');
    const entries: ReadEntry[] = [];
    for (const [index, found] of batch.entries())
      entries.push(await this.#readEntry(found, attributes[index] ?? []));
    return entries;
  }

  async #readEntry(found: Found, attributes: readonly ExtendedAttribute[]): Promise<ReadEntry> {
    const { status, descriptor, shown } = found;
    const path = Buffer.from(found.path, 'latin1');
    const severalNames = status.nlink > 1n && !status.isDirectory();
    const inode = severalNames ? `${status.dev}:${status.ino}` : null;
    const keep = status.isFile() && status.size <= releaseFileBytes && isReleasePath(path);
    // What is kept is read under its own name, not where the inode was met first.
    const { node, content } =
      inode === null || keep
        ? await this.#readNode(found, attributes, keep)
        : await this.#readLinked(inode, found, attributes);
    // The attributes were read before, so that a change of them shows here too.
    checkUnchanged(status, statusOf(descriptor, shown), shown);
    return { entry: { path, inode, node }, content, names: Number(status.nlink) };
  }

  async #readLinked(
    inode: string,
    found: Found,
    attributes: readonly ExtendedAttribute[],
  ): Promise<ReadNode> {
    const before = this.#linked.get(inode);
    if (before !== undefined) {
      checkUnchanged(before.status, found.status, found.shown);
      return before.read;
    }
    const read = await this.#readNode(found, attributes, false);
    this.#linked.set(inode, { status: found.status, read });
    return read;
  }

  async #readNode(
    { status, descriptor, shown, target }: Found,
    attributes: readonly ExtendedAttribute[],
    keep: boolean,
  ): Promise<ReadNode> {
    const inode = {
      mode: Number(status.mode & 0o7777n),
      uid: Number(status.uid),
      gid: Number(status.gid),
      attributes,
    };
    if (!status.isFile())
      return { node: { ...inode, ...withoutContent(status, target, shown) }, content: null };
    this.#dataBytesLeft -= status.size;
    if (this.#dataBytesLeft < 0n) throw new Unsupported(shown, 'makes the directory larger than it may be');
    const { sha256, kept } = await readContent(descriptor, status, shown, { keep, onBytes: this.#onBytes });
    return { node: { ...inode, type: 'file', size: Number(status.size), sha256 }, content: kept };
  }
}

function withoutContent(status: BigIntStats, target: Uint8Array | null, shown: string) {
  if (status.isDirectory()) return { type: 'directory' } as const;
  if (target !== null) return { type: 'link', target } as const;
  if (status.isFIFO()) return { type: 'fifo' } as const;
  if (status.isSocket()) return { type: 'socket' } as const;
  const device = deviceNumber(status.rdev);
  if (status.isCharacterDevice()) return { type: 'character-device', ...device } as const;
  if (status.isBlockDevice()) return { type: 'block-device', ...device } as const;
  throw new Unsupported(shown, 'is of a kind that is not known');
}

function descriptorsOf(batch: readonly Found[]): number[] {
  return batch.map(({ descriptor }) => descriptor);
}
