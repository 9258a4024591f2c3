import { crc32 } from 'node:zlib';

const entrySize = 128;

/** A partition to write; the GUIDs are in text order, with or without dashes. */
export interface WrittenPartition {
  readonly type: string;
  readonly uuid: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Sectors the partition has beyond its bytes. */
  readonly slack?: number;
}

/**
 * Writes a disk image with primary and backup partition table, partitions one after the other from 20 KiB on, or where the
 * table ends.
 */
export function writeGpt(
  partitions: readonly WrittenPartition[],
  sector = 512,
  entryCount = 128,
): { readonly bytes: Buffer; readonly offsets: readonly number[] } {
  const tableSectors = Math.ceil((entryCount * entrySize) / sector);
  let next = Math.max(2 + tableSectors, (20 * 1024) / sector);
  const placed = partitions.map((partition) => {
    const first = next;
    const last = first + Math.ceil(partition.bytes.length / sector) + (partition.slack ?? 0) - 1;
    next = last + 1;
    return { ...partition, first, last };
  });
  const sectors = next + tableSectors + 1;
  const bytes = Buffer.alloc(sectors * sector);
  for (const { bytes: content, first } of placed) Buffer.from(content).copy(bytes, first * sector);
  writeProtectiveMbr(bytes, sectors);
  Buffer.concat(placed.map(writeEntry)).copy(bytes, 2 * sector);
  writeHeader(bytes, sector, sectors, entryCount);
  repairGpt(bytes, sector);
  return { bytes, offsets: placed.map(({ first }) => first * sector) };
}

function writeEntry({
  type,
  uuid,
  name,
  first,
  last,
}: WrittenPartition & { first: number; last: number }): Buffer {
  const entry = Buffer.alloc(entrySize);
  guidOnDisk(type).copy(entry, 0);
  guidOnDisk(uuid).copy(entry, 16);
  entry.writeBigUInt64LE(BigInt(first), 32);
  entry.writeBigUInt64LE(BigInt(last), 40);
  entry.writeBigUInt64LE(1n << 60n, 48);
  entry.write(name, 56, 'utf16le');
  return entry;
}

/** A GUID as UEFI stores it, from its text. */
export function guidOnDisk(text: string): Buffer {
  const raw = Buffer.from(text.replaceAll('-', ''), 'hex');
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((index) => raw[index] ?? 0));
}

function writeProtectiveMbr(bytes: Buffer, sectors: number): void {
  bytes.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446);
  bytes.writeUInt32LE(1, 446 + 8);
  bytes.writeUInt32LE(sectors - 1, 446 + 12);
  bytes.writeUInt16LE(0xaa55, 510);
}

function writeHeader(bytes: Buffer, sector: number, sectors: number, entryCount: number): void {
  const tableSectors = Math.ceil((entryCount * entrySize) / sector);
  const header = bytes.subarray(sector, 2 * sector);
  header.write('EFI PART', 0, 'ascii');
  header.writeUInt32LE(0x00010000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(sectors - 1), 32);
  header.writeBigUInt64LE(BigInt(2 + tableSectors), 40);
  header.writeBigUInt64LE(BigInt(sectors - tableSectors - 2), 48);
  header.fill(0x5a, 56, 72);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(entryCount, 80);
  header.writeUInt32LE(entrySize, 84);
}

/**
 * Makes the primary table's CRCs right again after an edit, and the backup table say the same, so that a case is about
 * the edit and not about them. The backup goes to the end of the file.
 */
export function repairGpt(bytes: Buffer, sector = 512): void {
  const header = bytes.subarray(sector, sector + 92);
  const entries = entriesOf(bytes, header, sector);
  sealHeader(header, entries);
  const last = bytes.length / sector - 1;
  const backupLba = last - Math.ceil(entries.length / sector);
  entries.copy(bytes, backupLba * sector);
  const backup = bytes.subarray(last * sector);
  bytes.copy(backup, 0, sector, 2 * sector);
  backup.writeBigUInt64LE(BigInt(last), 24);
  backup.writeBigUInt64LE(1n, 32);
  backup.writeBigUInt64LE(BigInt(backupLba), 72);
  sealHeader(backup.subarray(0, 92), entries);
}

/** Makes the CRCs of one header right, and leaves the other copy of the table alone. */
export function sealGptCopy(bytes: Buffer, lba: number, sector = 512): void {
  const header = bytes.subarray(lba * sector, lba * sector + 92);
  sealHeader(header, entriesOf(bytes, header, sector));
}

function entriesOf(bytes: Buffer, header: Buffer, sector: number): Buffer {
  const start = Number(header.readBigUInt64LE(72)) * sector;
  return bytes.subarray(start, start + header.readUInt32LE(80) * header.readUInt32LE(84));
}

function sealHeader(header: Buffer, entries: Buffer): void {
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(0, 16);
  header.writeUInt32LE(crc32(header), 16);
}
