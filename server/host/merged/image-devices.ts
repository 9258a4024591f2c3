import { CouldNotDecide, Malformed } from '../../../verifier/bytes/failures.ts';
import type { Hex } from '../../../verifier/bytes/hex.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { entryExists } from '../../os/directory.ts';
import { readBounded } from '../../os/durable-file.ts';
import { run } from '../../os/run.ts';
import { parseCorrupted, parseMapped, parseVerityTable } from './verity-table.ts';

/** A loop device, and the file behind it. */
export interface LoopDevice {
  /** `loop3`. */
  readonly name: string;
  /** The kernel numbers what block devices are used for, upwards, and never twice. 0 before Linux 5.15. */
  readonly sequence: bigint;
  /** Of the file: `major:minor` of its file system, and its inode. */
  readonly device: string;
  readonly inode: bigint;
  /** Where the file is now; the kernel adds ` (deleted)` where it is nowhere. */
  readonly path: string;
}

/** An active dm-verity device. */
export interface VerityDevice {
  readonly name: string;
  /** As that of a loop device. */
  readonly sequence: bigint;
  readonly rootHash: Hex;
  readonly dataBytes: bigint;
  /** Mounted, or held otherwise. One that is not is a leftover. */
  readonly open: boolean;
  /** The kernel has read a block that does not match. */
  readonly corrupted: boolean;
  /** The kernel gives out what does not match. */
  readonly lenient: boolean;
  /** The loop devices below it, by name: of the data, and of the hash tree. Null where it is on something else. */
  readonly dataLoop: string | null;
  readonly hashLoop: string | null;
}

/** The block devices that images are merged from. */
export interface ImageDevices {
  readonly loops: readonly LoopDevice[];
  readonly verity: readonly VerityDevice[];
}

const timeoutMs = 20_000;

/**
 * Reads which loop and dm-verity devices there are, by losetup(8) and dmsetup(8): /sys has neither the inode behind a loop
 * device nor the table of a mapped one.
 *
 * @throws CouldNotDecide if a tool is missing, fails, or prints what it does not.
 */
export async function readImageDevices(): Promise<ImageDevices> {
  try {
    return { verity: await readVerity(), loops: await readLoops() };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CouldNotDecide(`the devices of merged images cannot be read: ${error.message}`);
  }
}

/** The highest number of a device so far: one that comes later has a higher one. 0 if there is none. */
export function latestSequence({ loops, verity }: ImageDevices): bigint {
  return [...loops, ...verity].reduce(
    (highest, { sequence }) => (sequence > highest ? sequence : highest),
    0n,
  );
}

async function readLoops(): Promise<LoopDevice[]> {
  const columns = 'NAME,BACK-INO,BACK-MAJ:MIN';
  const { stdout } = await run('losetup', ['--list', '--noheadings', '--raw', '--output', columns], {
    timeoutMs,
  });
  const loops: LoopDevice[] = [];
  for (const bound of parseLoops(Buffer.from(stdout).toString('latin1'))) {
    const loop = await describeLoop(bound);
    if (loop !== null) loops.push(loop);
  }
  return loops;
}

type BoundLoop = Pick<LoopDevice, 'name' | 'device' | 'inode'>;

/** Parses `losetup --list --noheadings --raw --output NAME,BACK-INO,BACK-MAJ:MIN`. @throws Malformed */
export function parseLoops(text: string): BoundLoop[] {
  // util-linux 2.38 pads a column, and escapes what it pads with.
  return text
    .replaceAll('\\x20', ' ')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, inode = '', device] = /^\/dev\/(loop\d+) +(\d{1,20}) +(\d+:\d+) *$/.exec(line) ?? [];
      if (name === undefined || device === undefined)
        throw new Malformed('losetup', `has a line that is none: ${line.slice(0, 80)}`);
      return { name, inode: BigInt(inode), device };
    });
}

// Names of files come from /sys, as bytes and a line each: no name can look like something else there.
async function describeLoop(loop: BoundLoop): Promise<LoopDevice | null> {
  const place = `/sys/block/${loop.name}`;
  // Gone since it was listed, so nothing can be mounted from it.
  if (!(await entryExists(`${place}/loop/backing_file`))) return null;
  const path = await readText(`${place}/loop/backing_file`, 8192);
  return { ...loop, sequence: await readSequence(place), path };
}

async function readSequence(place: string): Promise<bigint> {
  if (!(await entryExists(`${place}/diskseq`))) return 0n;
  const digits = await readText(`${place}/diskseq`, 64);
  if (!/^\d{1,20}$/.test(digits)) throw new Malformed('diskseq', `of ${place} is no number`);
  return BigInt(digits);
}

async function readText(path: string, maximumBytes: number): Promise<string> {
  const text = Buffer.from(await readBounded(path, maximumBytes)).toString('utf8');
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

async function readVerity(): Promise<VerityDevice[]> {
  // A kernel without device-mapper has none, and dmsetup fails there.
  if (!(await entryExists('/sys/class/misc/device-mapper'))) return [];
  const tables = parseVerityTable(await dmsetup('table', '--target', 'verity'));
  if (tables.length === 0) return [];
  const corrupted = parseCorrupted(await dmsetup('status', '--target', 'verity'));
  const columns = ['--noheadings', '--separator', '\t', '-o', 'name,major,minor,open'];
  const mapped = parseMapped(await dmsetup('info', '-c', ...columns));
  const devices: VerityDevice[] = [];
  for (const table of tables) {
    const device = mapped.get(table.name);
    // Gone since, so it was not mounted.
    if (device === undefined) continue;
    devices.push({
      ...{ name: table.name, rootHash: table.rootHash, dataBytes: table.dataBytes },
      sequence: await readSequence(`/sys/dev/block/${device.number}`),
      open: device.open > 0,
      corrupted: corrupted.has(table.name),
      lenient: table.options.includes('ignore_corruption'),
      dataLoop: await loopBelow(table.dataDevice),
      hashLoop: await loopBelow(table.hashDevice),
    });
  }
  return devices;
}

async function dmsetup(...args: readonly string[]): Promise<string> {
  return Buffer.from((await run('dmsetup', args, { timeoutMs })).stdout).toString('utf8');
}

// A partition of a loop device is a directory in the device's own.
async function loopBelow(device: string): Promise<string | null> {
  const place = await chaseInRoot('/', `/sys/dev/block/${device}`);
  return /\/block\/(loop\d+)(?:\/|$)/.exec(place ?? '')?.[1] ?? null;
}
