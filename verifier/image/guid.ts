import type { Cursor } from '../bytes/cursor.ts';
import { type Hex, toHex } from '../bytes/hex.ts';

/**
 * Reads a GUID as UEFI stores it (UEFI 2.10 appendix A: the first three fields are little endian) into the order of its
 * text. systemd compares partition UUIDs with root hashes in that order.
 */
export function takeGuid(cursor: Cursor, field: string): Hex {
  const disk = cursor.take(16, field);
  return toHex(Uint8Array.from(textOrder, (at) => disk[at] ?? 0));
}

const textOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** The text of a GUID with dashes, for people. */
export function guidText(guid: Hex): string {
  return guid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
