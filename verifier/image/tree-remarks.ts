import { isCovered } from './tree-encoding.ts';
import { byteString, showPath, type TreeEntry } from './tree-entry.ts';

/**
 * What a person who approves a tree should see of it: what reaches beyond the tree when systemd merges it as a layer of an
 * overlay file system, what gives power, and what the digest does not cover.
 *
 * - `whiteout`: a device 0:0 removes what lower layers, the host's own files among them, have under that name;
 * - `opaque`: a directory hides all that lower layers have in it;
 * - `overlay`: another attribute by which overlayfs takes a file for something else than it looks like;
 * - `device`: a device node; `privileged`: set-user-ID, set-group-ID or file capabilities;
 * - `linked-outside`: a file has more names than the tree shows, so it can be changed without entering the tree;
 * - `not-covered`: an extended attribute that is left out of the digest.
 */
export type TreeRemarkKind =
  'whiteout' | 'opaque' | 'overlay' | 'device' | 'privileged' | 'linked-outside' | 'not-covered';

export interface TreeRemark {
  readonly kind: TreeRemarkKind;
  /** Printable: see `showPath`. */
  readonly path: string;
  /** The attribute it is about; null where it is about the file. */
  readonly attribute: string | null;
}

/** Everything remarkable about one entry. */
export function remarksOn({ path, node }: TreeEntry): TreeRemark[] {
  const at = showPath(path);
  const kind = remarkOnInode(node);
  const remarks = kind === null ? [] : [{ kind, path: at, attribute: null }];
  const attributes = node.attributes.flatMap(({ name, value }) => {
    const remarkable = remarkOnAttribute(name, value);
    return remarkable === null ? [] : [{ kind: remarkable, path: at, attribute: showPath(name) }];
  });
  return [...remarks, ...attributes];
}

function remarkOnInode(node: TreeEntry['node']): TreeRemarkKind | null {
  const { type, mode } = node;
  if (type === 'character-device' && node.major === 0 && node.minor === 0) return 'whiteout';
  if (type === 'character-device' || type === 'block-device') return 'device';
  return type === 'file' && (mode & 0o6000) !== 0 ? 'privileged' : null;
}

/** Names of fs/overlayfs/overlayfs.h in the kernel; `user.` is what a mount with `userxattr` reads. */
function remarkOnAttribute(bytes: Uint8Array, value: Uint8Array): TreeRemarkKind | null {
  if (!isCovered(bytes)) return 'not-covered';
  const name = byteString(bytes);
  if (name === 'security.capability') return 'privileged';
  const [, overlay] = /^(?:trusted|user)\.overlay\.(.*)$/s.exec(name) ?? [];
  if (overlay === undefined) return null;
  // `x` marks a directory with whiteouts that are attributes; it hides nothing itself.
  if (overlay === 'opaque') return byteString(value) === 'y' ? 'opaque' : 'overlay';
  return overlay === 'whiteout' ? 'whiteout' : 'overlay';
}
