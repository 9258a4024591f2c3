import { closeSync } from 'node:fs';

import type { FileSystem } from '../image/filesystems/file-system.ts';
import { digestTree, type TreeDigest } from '../image/tree-digest.ts';
import { showPath, type TreeEntry } from '../image/tree-entry.ts';
import { type TreeRemark, remarksOn } from '../image/tree-remarks.ts';
import { TreeView } from '../image/tree-view.ts';
import { EntryReader, type ReadAttributes, type ReadEntry } from './directory-entries.ts';
import { checkNoMounts } from './directory-mounts.ts';
import { openRoot } from './directory-status.ts';
import { DirectoryWalk, type TreeLimits } from './directory-walk.ts';

/** What one pass over a directory gives. */
export interface TreeReading {
  readonly digest: TreeDigest;
  /** The tree as it was digested; of file contents it has those of the release files. */
  readonly fileSystem: FileSystem;
  /** In the order of the tree, at most 1,000. */
  readonly remarks: readonly TreeRemark[];
  /** How many remarks there would be without that limit. */
  readonly remarkCount: number;
}

export interface ReadTreeOptions {
  readonly readAttributes: ReadAttributes;
  /** Instead of those of `treeLimits`. */
  readonly limits?: Partial<TreeLimits>;
  /** Called with the number of bytes of file contents read so far. */
  readonly onProgress?: (bytes: number) => void;
}

export const treeLimits: TreeLimits = {
  entries: 1_000_000,
  depth: 256,
  pathBytes: 4095,
  dataBytes: 2 ** 40,
};

const maximumRemarks = 1000;

/**
 * Digests a directory or subvolume as systemd would merge it, in one pass and without following a symbolic link.
 *
 * What is not seen is not digested: `trusted.` attributes show themselves to root alone, and all of a tree can be read by
 * its owner or root alone. And nothing holds the directory still afterwards: overlayfs shows changes of a layer at once.
 *
 * @param path of the directory itself: its last part must not be a symbolic link.
 * @throws Unsupported for a mount point inside, and for a tree beyond the limits.
 * @throws Malformed for what the digest has no room for (a name of more than 255 bytes).
 * @throws CouldNotDecide if something cannot be read or changes meanwhile.
 */
export async function readTree(path: string, options: ReadTreeOptions): Promise<TreeReading> {
  const root = openRoot(path);
  try {
    checkNoMounts(root, path);
    let bytes = 0;
    const onBytes = (more: number) => options.onProgress?.((bytes += more));
    const limits = { ...treeLimits, ...options.limits };
    const walk = new DirectoryWalk(root, path, limits).entries();
    const entries = new EntryReader(options.readAttributes, limits.dataBytes, onBytes).read(walk);
    const witness = new Witness();
    const digest = await digestTree(witness.watch(entries));
    checkNoMounts(root, path);
    return { digest, fileSystem: witness.view.fileSystem(), ...witness.remarks() };
  } finally {
    closeSync(root);
  }
}

/** Sees every entry on its way to the digest. */
class Witness {
  readonly view = new TreeView();
  readonly #remarks: TreeRemark[] = [];
  readonly #linked = new Map<string, { readonly path: Uint8Array; missing: number }>();
  #count = 0;

  async *watch(entries: AsyncIterable<ReadEntry>): AsyncGenerator<TreeEntry, void, undefined> {
    for await (const { entry, content, names } of entries) {
      this.view.add(entry, content);
      for (const remark of remarksOn(entry)) this.#add(remark);
      if (entry.inode !== null) this.#countName(entry.inode, entry.path, names);
      yield entry;
    }
  }

  remarks(): { readonly remarks: readonly TreeRemark[]; readonly remarkCount: number } {
    for (const { path, missing } of this.#linked.values())
      if (missing > 0) this.#add({ kind: 'linked-outside', path: showPath(path), attribute: null });
    return { remarks: this.#remarks, remarkCount: this.#count };
  }

  #countName(inode: string, path: Uint8Array, names: number): void {
    const linked = this.#linked.get(inode) ?? { path, missing: names };
    linked.missing--;
    this.#linked.set(inode, linked);
  }

  #add(remark: TreeRemark): void {
    this.#count++;
    if (this.#remarks.length < maximumRemarks) this.#remarks.push(remark);
  }
}
