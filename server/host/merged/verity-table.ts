import { Malformed } from '../../../verifier/bytes/failures.ts';
import { type Hex, parseHex } from '../../../verifier/bytes/hex.ts';

/** An active dm-verity device, by its table. */
export interface VerityTable {
  readonly name: string;
  /** `major:minor` of the block device that has the data. */
  readonly dataDevice: string;
  /** `major:minor` of the block device that has the hash tree; often that of the data too. */
  readonly hashDevice: string;
  readonly algorithm: string;
  readonly rootHash: Hex;
  /** That the hash tree covers, in bytes. */
  readonly dataBytes: bigint;
  /** Words after the salt, for example `root_hash_sig_key_desc`. */
  readonly options: readonly string[];
}

const noDevices = 'No devices found';
const maximumLines = 10_000;

function linesOf(text: string, field: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && line !== noDevices);
  if (lines.length > maximumLines) throw new Malformed(field, `has more than ${maximumLines} lines`);
  return lines;
}

function strange(field: string, line: string): Malformed {
  return new Malformed(field, `has a line that is none: ${line.slice(0, 80)}`);
}

/**
 * Parses what `dmsetup table --target verity` prints: a line each, `NAME: START LENGTH verity VERSION DATA HASH DATA_BLOCK_SIZE
 * HASH_BLOCK_SIZE DATA_BLOCKS HASH_START ALGORITHM ROOT_HASH SALT [COUNT OPTION ...]`
 * (Documentation/admin-guide/device-mapper/verity.rst); START and LENGTH are in sectors of 512 bytes.
 *
 * @throws Malformed for anything else, also for a device of which verity is only a part.
 */
export function parseVerityTable(text: string): VerityTable[] {
  const field = 'dmsetup table';
  const tables = linesOf(text, field).map((line) => parseTable(line, field));
  if (new Set(tables.map(({ name }) => name)).size !== tables.length)
    throw new Malformed(field, 'has a device of several parts');
  return tables;
}

const tableLine = /^(\S+): (\d{1,19}) (\d{1,19}) verity (.*)$/;

function parseTable(line: string, field: string): VerityTable {
  const [, name = '', start, length = '', rest = ''] = tableLine.exec(line) ?? [];
  const [version = '', dataDevice = '', hashDevice = '', ...sizes] = rest.split(' ');
  const [blockSize = '', , blocks = '', , algorithm = '', rootHash = '', salt, ...options] = sizes;
  const numbers = [version, blockSize, blocks].every((word) => /^\d{1,19}$/.test(word));
  const devices = [dataDevice, hashDevice].every((word) => /^\d+:\d+$/.test(word));
  if (!numbers || !devices || salt === undefined || start !== '0') throw strange(field, line);
  const dataBytes = BigInt(blockSize) * BigInt(blocks);
  // What is mounted is what the table says, and both say how much it is.
  if (dataBytes !== BigInt(length) * 512n) throw strange(field, line);
  return {
    ...{ name, dataDevice, hashDevice, algorithm, dataBytes, options: options.slice(1) },
    rootHash: parseHex(rootHash, `${field}: root hash of ${name}`),
  };
}

/**
 * Parses what `dmsetup status --target verity` prints: `NAME: START LENGTH verity V`, or `C` where the kernel has read a block
 * that does not match; more words may follow.
 *
 * @returns the names of the devices that are corrupted.
 * @throws Malformed
 */
export function parseCorrupted(text: string): ReadonlySet<string> {
  const field = 'dmsetup status';
  const corrupted = new Set<string>();
  for (const line of linesOf(text, field)) {
    const [, name = '', , , rest = ''] = tableLine.exec(line) ?? [];
    const [state] = rest.split(' ');
    if (state !== 'V' && state !== 'C') throw strange(field, line);
    if (state === 'C') corrupted.add(name);
  }
  return corrupted;
}

/** A mapped device. */
export interface MappedDevice {
  /** `major:minor`. */
  readonly number: string;
  /** How often it is open: a mount is one. */
  readonly open: number;
}

/** Parses `dmsetup info -c --noheadings --separator "\t" -o name,major,minor,open`, by name. @throws Malformed */
export function parseMapped(text: string): ReadonlyMap<string, MappedDevice> {
  const field = 'dmsetup info';
  return new Map(
    linesOf(text, field).map((line) => {
      const [, name, major, minor, open] = /^(\S+)\t(\d{1,9})\t(\d{1,9})\t(\d{1,9})$/.exec(line) ?? [];
      if (name === undefined) throw strange(field, line);
      return [name, { number: `${major}:${minor}`, open: Number(open) }];
    }),
  );
}
