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
  const whole = chunks.length === 1 && only !== undefined ? only : joinShort(chunks);
  if (whole !== undefined) return hashOnce(algorithm, whole);
  const stream = createHash(algorithm);
  for (const chunk of chunks) stream.update(chunk);
  return new Uint8Array(stream.digest());
}

// Most of what is hashed is so short that what costs is the calls and the memory outside V8's heap: this is one, and none.
function hashOnce(algorithm: DigestName, data: Uint8Array | string): Uint8Array {
  const text = hash(algorithm, data, 'binary');
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Where short chunks are joined; hashed before anything else can run, and overwritten by the next. */
const joined = new Uint8Array(1024);

function joinShort(chunks: readonly (Uint8Array | string)[]): Uint8Array | undefined {
  let at = 0;
  for (const chunk of chunks) {
    if (typeof chunk === 'string' || chunk.length > joined.length - at) return undefined;
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined.subarray(0, at);
}
