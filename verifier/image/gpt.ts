import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { type ByteSource, readExtent } from './byte-source.ts';
import { checkGaps } from './gaps.ts';
import { parseGptEntries, type Partition } from './gpt-entries.ts';
import { type GptHeader, gptSignature, parseGptHeader } from './gpt-header.ts';
import { checkProtectiveMbr } from './protective-mbr.ts';

export type { Partition } from './gpt-entries.ts';

/** A GUID partition table. Nobody signs it: it says where to look, not what is true. */
export interface PartitionTable {
  /** Bytes. */
  readonly sectorSize: number;
  readonly diskUuid: Hex;
  readonly partitions: readonly Partition[];
}

const sectorSizes = [512, 1024, 2048, 4096] as const;

/**
 * Reads the partition table of an image (UEFI 2.10 section 5.3), or null if it has none.
 *
 * The sector size is found as systemd does (probe_sector_size in src/shared/dissect-image.c): the header is in sector 1.
 * libblkid and the kernel differ from each other on when they turn to the backup table, so both copies must be valid
 * and say the same. All bytes outside the table and the partitions must be zero.
 *
 * @throws Malformed | Unsupported
 */
export async function readGpt(source: ByteSource): Promise<PartitionTable | null> {
  const sectorSize = await findSectorSize(source);
  if (sectorSize === null) return null;
  if (source.size % sectorSize !== 0)
    throw new Malformed('image', `is not a whole number of ${sectorSize}-byte sectors`);
  const lastLba = source.size / sectorSize - 1;
  checkProtectiveMbr(await readExtent(source, 'protective MBR', { offset: 0, length: 512 }), lastLba);
  const primary = await readCopy(source, sectorSize, 1, 'GPT header');
  const backup = await readCopy(source, sectorSize, lastLba, 'backup GPT header');
  checkCopies(primary, backup, lastLba);
  const partitions = parseGptEntries(primary.entries, primary.header, sectorSize);
  await checkGaps(source, [
    { field: 'protective MBR', offset: 0, length: 512 },
    ...[...tableExtents(primary, sectorSize), ...tableExtents(backup, sectorSize)],
    ...partitions.map((partition) => ({ ...partition, field: `partition ${partition.number}` })),
  ]);
  return { sectorSize, diskUuid: primary.header.diskUuid, partitions };
}

async function findSectorSize(source: ByteSource): Promise<number | null> {
  const found: number[] = [];
  for (const size of sectorSizes) {
    if (source.size < size + gptSignature.length) continue;
    const bytes = await readExtent(source, 'GPT header', { offset: size, length: gptSignature.length });
    if (gptSignature.equals(bytes)) found.push(size);
  }
  if (found.length > 1)
    throw new Malformed('GPT header', `is there for sectors of ${found.join(' and ')} bytes`);
  return found[0] ?? null;
}

interface TableCopy {
  readonly which: string;
  readonly header: GptHeader;
  readonly entries: Uint8Array;
}

async function readCopy(
  source: ByteSource,
  sectorSize: number,
  lba: number,
  which: string,
): Promise<TableCopy> {
  const sector = await readExtent(source, which, { offset: lba * sectorSize, length: sectorSize });
  const header = parseGptHeader(sector, which);
  if (header.myLba !== lba) throw new Malformed(`${which}: own LBA`, `is ${header.myLba} and not ${lba}`);
  const extent = { offset: header.entriesLba * sectorSize, length: header.entriesLength };
  const entries = await readExtent(source, `${which}: partition entries`, extent);
  if (crc32(entries) !== header.entriesCrc) {
    throw new Malformed(`${which}: partition entries CRC`, 'does not match the entries', extent.offset);
  }
  return { which, header, entries };
}

function checkCopies(primary: TableCopy, backup: TableCopy, lastLba: number): void {
  const { header } = primary;
  // libblkid finds file systems in what is sector 2 of a usual table; elsewhere the entries would not fill it.
  if (header.entriesLba !== 2) throw new Unsupported('GPT header: partition entries LBA', 'is not 2');
  if (header.alternateLba !== lastLba || backup.header.alternateLba !== 1) {
    throw new Malformed('GPT header: alternate LBA', 'is not where the other copy is');
  }
  const { firstUsableLba: first, lastUsableLba: last } = header;
  if (first <= header.entriesLba || first > last || last >= backup.header.entriesLba) {
    throw new Malformed('GPT header: usable LBAs', `are ${first} to ${last}`);
  }
  const copied = { ...header, myLba: lastLba, alternateLba: 1, entriesLba: backup.header.entriesLba };
  if (!isDeepStrictEqual(copied, backup.header) || Buffer.compare(primary.entries, backup.entries) !== 0) {
    throw new Malformed('backup GPT header', 'does not say what the primary one says');
  }
}

function tableExtents({ which, header }: TableCopy, sectorSize: number) {
  return [
    { field: which, offset: header.myLba * sectorSize, length: sectorSize },
    {
      field: `${which}: partition entries`,
      offset: header.entriesLba * sectorSize,
      length: header.entriesLength,
    },
  ];
}
