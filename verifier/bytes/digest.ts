import { createHash, hash } from 'node:crypto';

/** Digest algorithms by the names that dm-verity, systemd's log and Node all use. */
export const digestSizes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

export type DigestName = keyof typeof digestSizes;

/** Whether a name from outside is a digest algorithm known here. */
export function isDigestName(name: string): name is DigestName {
  return Object.hasOwn(digestSizes, name);
}

/** Digest of the concatenation of `chunks`. */
export function digest(algorithm: DigestName, ...chunks: readonly (Uint8Array | string)[]): Uint8Array {
  const [only] = chunks;
  // One call into OpenSSL instead of three: most of what is hashed is shorter than what a call costs.
  if (only !== undefined && chunks.length === 1) return new Uint8Array(hash(algorithm, only, 'buffer'));
  const stream = createHash(algorithm);
  for (const chunk of chunks) stream.update(chunk);
  return new Uint8Array(stream.digest());
}
