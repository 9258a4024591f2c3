import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { isZero } from './zero.ts';

const table = 446;
const entrySize = 16;

/**
 * Checks the protective MBR (UEFI 2.10 section 5.2.3): no boot code, no disk signature, one entry of type 0xEE over the whole
 * disk and three empty ones. libblkid looks for many file systems in these 512 bytes, and reads no GPT at all where
 * the 0xEE entry is missing.
 *
 * @param lastLba number of the file's last sector.
 * @throws Malformed
 */
export function checkProtectiveMbr(sector: Uint8Array, lastLba: number): void {
  if (!isZero(sector.subarray(0, table))) throw new Malformed('protective MBR', 'has boot code', 0);
  if (sector[510] !== 0x55 || sector[511] !== 0xaa)
    throw new Malformed('protective MBR', 'has no signature', 510);
  const entries = [0, 1, 2, 3].map((index) =>
    sector.subarray(table + index * entrySize).subarray(0, entrySize),
  );
  const used = entries.filter((entry) => !isZero(entry));
  const [only] = used;
  if (only === undefined || used.length > 1) {
    throw new Malformed('protective MBR', `has ${used.length} partitions instead of one`, table);
  }
  checkProtectiveEntry(only, lastLba);
}

function checkProtectiveEntry(entry: Uint8Array, lastLba: number): void {
  const cursor = new Cursor(entry, 'little');
  const flag = cursor.u8('boot indicator');
  cursor.take(3, 'first CHS address');
  const type = cursor.u8('type');
  cursor.take(3, 'last CHS address');
  const start = cursor.u32('first sector');
  const length = cursor.u32('number of sectors');
  if (flag !== 0 || type !== 0xee || start !== 1) {
    throw new Malformed('protective MBR', 'has a partition that does not protect the GPT', table);
  }
  if (length !== Math.min(lastLba, 0xffffffff) && length !== 0xffffffff) {
    throw new Malformed('protective MBR', 'does not cover the whole file', table);
  }
}
