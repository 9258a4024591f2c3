/** Castagnoli's polynomial, bits reversed. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/**
 * CRC-32C (RFC 3720 appendix B.4) without the inversion at the end, as the kernel's crc32c() gives it: file systems store it so.
 *
 * @param seed the value so far; all ones at the beginning.
 */
export function crc32c(bytes: Uint8Array, seed = 0xffff_ffff): number {
  let value = seed;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return value >>> 0;
}
