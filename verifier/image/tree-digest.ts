import { createHash } from 'node:crypto';

import type { Branded } from '../bytes/branded.ts';
import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { encodeEntry, encodeHardLink, encodeNode, treeTag } from './tree-encoding.ts';
import { checkEntry, showPath, type TreeEntry } from './tree-entry.ts';
import { TreeOrder } from './tree-order.ts';

/** What a directory tree is, in one number: equal exactly if the trees are, in all that docs/tree-digest.md lists. */
export type TreeDigest = Branded<
  {
    readonly sha256: Hex;
    /** Names in the tree, its root among them. */
    readonly entries: number;
    /** Bytes in regular files, each inode once. */
    readonly dataBytes: number;
  },
  'TreeDigest'
>;

/**
 * The digest of a tree, by docs/tree-digest.md: SHA-256 over a tag and every entry in canonical encoding.
 *
 * @param entries in the order of `inTreeOrder`; nothing is kept of them but the inodes that have several names.
 * @throws Malformed naming the entry that is not one, or not in its place.
 */
export async function digestTree(
  entries: AsyncIterable<TreeEntry> | Iterable<TreeEntry>,
): Promise<TreeDigest> {
  const hash = createHash('sha256').update(treeTag);
  const order = new TreeOrder();
  const hardLinks = new HardLinks();
  let count = 0;
  let dataBytes = 0;
  for await (const entry of entries) {
    checkEntry(entry);
    order.accept(entry);
    const first = hardLinks.firstName(entry);
    hash.update(first === null ? encodeEntry(entry) : encodeHardLink(entry.path, first));
    count++;
    if (first === null && entry.node.type === 'file') dataBytes += entry.node.size;
  }
  order.end();
  return { sha256: toHex(hash.digest()), entries: count, dataBytes } as TreeDigest;
}

/**
 * Which names are one inode is part of a tree, inode numbers are not: the first name in the order of the tree stands for
 * the inode, the others for that name.
 */
class HardLinks {
  readonly #first = new Map<string, { readonly path: Uint8Array; readonly node: Buffer }>();

  /** Null if this is the first name of its inode. @throws Malformed if one inode is described in two ways. */
  firstName({ path, inode, node }: TreeEntry): Uint8Array | null {
    if (inode === null) return null;
    const nodeDigest = Buffer.from(digest('sha256', encodeNode(node)));
    const first = this.#first.get(inode);
    if (first === undefined) {
      this.#first.set(inode, { path, node: nodeDigest });
      return null;
    }
    if (!first.node.equals(nodeDigest))
      throw new Malformed(showPath(path), `is not what ${showPath(first.path)} is, the same inode`);
    return first.path;
  }
}
