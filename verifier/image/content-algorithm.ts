import { digestSizes, type DigestName, isDigestName } from '../bytes/digest.ts';

/** How the identity of an extension's content was computed. */
export interface ContentAlgorithm {
  /** `verity`: the root hash of a dm-verity tree; else one digest over a whole file or a whole directory tree. */
  readonly over: 'verity' | 'file' | 'tree';
  readonly digest: DigestName;
}

/**
 * The word for it in events and documents: dm-verity's own name (`sha256`) for a hash tree; `file-sha256` and `tree-sha256`, so
 * that no digest of one kind passes for one of another.
 */
export function contentAlgorithmName({ over, digest }: ContentAlgorithm): string {
  return over === 'verity' ? digest : `${over}-${digest}`;
}

/** Reads such a word; null if it is none. */
export function parseContentAlgorithm(name: string): ContentAlgorithm | null {
  const [, over, digest] = /^(?:(file|tree)-)?([a-z0-9]+)$/.exec(name) ?? [];
  if (digest === undefined || !isDigestName(digest)) return null;
  if (over === undefined) return { over: 'verity', digest };
  return over === 'file' || over === 'tree' ? { over, digest } : null;
}

/** Bytes of what it gives. */
export function contentDigestSize({ digest }: ContentAlgorithm): number {
  return digestSizes[digest];
}
