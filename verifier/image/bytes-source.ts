import type { ByteSource } from './byte-source.ts';

/** A source over bytes in memory. What is read are views, not copies: do not change `bytes` while it is in use. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
