import { crc32 } from 'node:zlib';

import { Cursor } from '../bytes/cursor.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { takeGuid } from './guid.ts';
import { isZero } from './zero.ts';

/** `EFI PART` */
export const gptSignature = Buffer.from('EFI PART');

const headerSize = 92;
const entrySize = 128;
/** 8,192 entries; tables in the wild have 128. */
const maximumEntryBytes = 1024 * 1024;

/** One copy of the GPT header (UEFI 2.10 section 5.3.2). LBAs are sector numbers. */
export interface GptHeader {
  readonly myLba: number;
  readonly alternateLba: number;
  readonly firstUsableLba: number;
  readonly lastUsableLba: number;
  readonly diskUuid: Hex;
  readonly entriesLba: number;
  readonly entryCount: number;
  /** Bytes of the array of entries. */
  readonly entriesLength: number;
  readonly entriesCrc: number;
}

/**
 * Parses a header that fills one sector. It is at least as strict as libblkid's reader (get_gpt_header in
 * libblkid/src/partitions/gpt.c): a primary header that libblkid rejects and we accept would make systemd use the backup
 * table, which may say something else.
 *
 * @throws Malformed | Unsupported naming fields after `which`.
 */
export function parseGptHeader(sector: Uint8Array, which: string): GptHeader {
  const cursor = new Cursor(sector, 'little');
  const field = (name: string) => `${which}: ${name}`;
  if (!gptSignature.equals(cursor.take(8, field('signature'))))
    throw new Malformed(which, 'has no signature', 0);
  if (cursor.u32(field('revision')) !== 0x00010000) throw new Unsupported(field('revision'), 'is not 1.0');
  if (cursor.u32(field('header size')) !== headerSize)
    throw new Unsupported(field('header size'), 'is not 92');
  checkHeaderCrc(sector, cursor.u32(field('CRC')), which);
  if (cursor.u32(field('reserved')) !== 0) throw new Malformed(field('reserved'), 'is not zero');
  const header = {
    myLba: cursor.u64Number(field('own LBA')),
    alternateLba: cursor.u64Number(field('alternate LBA')),
    firstUsableLba: cursor.u64Number(field('first usable LBA')),
    lastUsableLba: cursor.u64Number(field('last usable LBA')),
    diskUuid: takeGuid(cursor, field('disk GUID')),
    entriesLba: cursor.u64Number(field('partition entries LBA')),
    entryCount: cursor.u32(field('number of partition entries')),
  };
  const entriesLength = checkEntrySize(cursor.u32(field('partition entry size')), header.entryCount, field);
  const entriesCrc = cursor.u32(field('partition entries CRC'));
  if (!isZero(sector.subarray(headerSize)))
    throw new Malformed(which, 'is not followed by zeros', headerSize);
  return { ...header, entriesLength, entriesCrc };
}

function checkHeaderCrc(sector: Uint8Array, expected: number, which: string): void {
  const header = Buffer.from(sector.subarray(0, headerSize));
  header.fill(0, 16, 20);
  if (crc32(header) !== expected) throw new Malformed(`${which}: CRC`, 'does not match the header', 16);
}

function checkEntrySize(size: number, count: number, field: (name: string) => string): number {
  // libblkid turns to the backup table for any other size.
  if (size !== entrySize)
    throw new Unsupported(field('partition entry size'), `is ${size} and not ${entrySize}`);
  if (count === 0) throw new Malformed(field('number of partition entries'), 'is zero');
  if (count * size > maximumEntryBytes)
    throw new Malformed(field('number of partition entries'), `is ${count}`);
  return count * size;
}
