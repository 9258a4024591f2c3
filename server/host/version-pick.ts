import { compareVersions } from '../../verifier/image/version-order.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';

/**
 * Which file of a versioned directory systemd takes (systemd.v(7); path_pick() and make_choice() in src/shared/vpick.c of
 * systemd 257, image_discover() in src/shared/discover-image.c). Systemd does this since 256.
 *
 * Names of files are byte strings here, one character a byte: systemd compares them with strcmp(3), and takes names that
 * are not UTF-8.
 */
export interface VersionedDirectory {
  /** The name the picked image is merged under, and what the names in the directory begin with. */
  readonly name: string;
  /** What the names in the directory end in: `.raw`, `.sysext.raw`, `.sysext`, or nothing. */
  readonly suffix: string;
  /** What the pick must be, or the whole directory is passed over. */
  readonly holds: 'image files' | 'directories';
}

/** A file of a versioned directory that systemd would choose among. */
export interface Candidate {
  readonly fileName: string;
  readonly version: string;
  /** 0 for the host's own architecture, 1 for the one it runs besides, 2 for none in the name. */
  readonly architectureRank: number;
  /** Attempts to use it that are left; infinite where the name has no counter. */
  readonly triesLeft: number;
  readonly triesDone: number;
}

/**
 * How systemd reads the name of a versioned directory, for example `vendor.sysext.raw.v`.
 *
 * @returns null for names that are none: the directory is one like any other, or passed over.
 */
export function parseVersionedName(
  fileName: string,
  extensionClass: ExtensionClass,
): VersionedDirectory | null {
  const [, stem, classSuffix = '', raw = ''] =
    new RegExp(`^(.*?)(\\.${extensionClass})?(\\.raw)?\\.v$`, 's').exec(fileName) ?? [];
  if (stem === undefined) return null;
  const holds = raw === '' ? 'directories' : 'image files';
  return { name: stem, suffix: `${classSuffix}${raw}`, holds };
}

/** The files that systemd would choose among, the one that it takes first. */
export function rankCandidates(
  fileNames: readonly string[],
  directory: Pick<VersionedDirectory, 'name' | 'suffix'>,
  architecture: string,
): Candidate[] {
  return fileNames
    .flatMap((fileName) => parseCandidate(fileName, directory, architecture) ?? [])
    .sort((a, b) => compareCandidates(b, a));
}

/**
 * Reads `NAME_VERSION[_ARCHITECTURE][+LEFT[-DONE]]SUFFIX`.
 *
 * @param directory what the versioned directory's own name says; its name as a byte string too.
 * @param architecture of this host, for example `x86-64`.
 * @returns null for what systemd does not choose among.
 */
export function parseCandidate(
  fileName: string,
  { name, suffix }: Pick<VersionedDirectory, 'name' | 'suffix'>,
  architecture: string,
): Candidate | null {
  const prefix = `${name}_`;
  if (!fileName.startsWith(prefix) || !fileName.slice(prefix.length).endsWith(suffix)) return null;
  const variable = fileName.slice(prefix.length, fileName.length - suffix.length);
  const { rest, triesLeft, triesDone } = cutTries(variable);
  const underscore = rest.lastIndexOf('_');
  const said = underscore === -1 ? '' : rest.slice(underscore + 1);
  // What no systemd knows as an architecture is cut off all the same, and counts as none.
  const architectureRank = knownArchitectures.has(said) ? acceptedOn(architecture).indexOf(said) : 2;
  const version = underscore === -1 ? rest : rest.slice(0, underscore);
  if (architectureRank === -1 || !/^[A-Za-z0-9.,_+-]+$/.test(version)) return null;
  return { fileName, version, architectureRank, triesLeft, triesDone };
}

/** Whether the name is one of a version for any architecture, this host's or another. */
export function isVersionForAny(
  fileName: string,
  directory: Pick<VersionedDirectory, 'name' | 'suffix'>,
): boolean {
  return [...knownArchitectures].some((one) => parseCandidate(fileName, directory, one) !== null);
}

/** Negative if systemd prefers `b`, positive if it prefers `a`; never 0 for two files. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    Number(a.triesLeft !== 0) - Number(b.triesLeft !== 0) ||
    compareVersions(a.version, b.version) ||
    b.architectureRank - a.architectureRank ||
    order(a.triesLeft, b.triesLeft) ||
    order(b.triesDone, a.triesDone) ||
    order(a.fileName, b.fileName)
  );
}

// Not by subtraction: infinity less infinity is no number.
function order<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}

function cutTries(variable: string): { rest: string; triesLeft: number; triesDone: number } {
  const [counters, left = '', done = '0'] = /\+([0-9]+)(?:-([0-9]+))?$/.exec(variable) ?? [];
  const [triesLeft, triesDone] = [parseCounter(left), parseCounter(done)];
  return counters === undefined || triesLeft === null || triesDone === null
    ? { rest: variable, triesLeft: Infinity, triesDone: Infinity }
    : { rest: variable.slice(0, -counters.length), triesLeft, triesDone };
}

/** safe_atou() in systemd's src/basic/parse-util.c reads as C does: digits after a zero are octal. */
function parseCounter(digits: string): number | null {
  const octal = digits.length > 1 && digits.startsWith('0');
  const value = octal ? (/^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN) : Number(digits);
  if (!(value <= 0xffff_ffff)) return null;
  return value === 0xffff_ffff ? Infinity : value;
}

/** architecture_table in systemd's src/basic/architecture.c. */
const knownArchitectures = new Set(
  (
    'alpha arc arc-be arm arm-be arm64 arm64-be cris ia64 loongarch64 m68k mips mips-le mips64 mips64-le nios2 parisc ' +
    'parisc64 ppc ppc-le ppc64 ppc64-le riscv32 riscv64 s390 s390x sh sh64 sparc sparc64 tilegx x86 x86-64'
  ).split(' '),
);

/** ARCHITECTURE_SECONDARY in systemd's src/basic/architecture.h. */
const secondaryArchitectures = new Map([
  ['x86-64', 'x86'],
  ['arm64', 'arm'],
  ['ppc64', 'ppc'],
  ['ppc64-le', 'ppc-le'],
  ['s390x', 's390'],
]);

/** What systemd takes on this architecture, in its order of preference. */
function acceptedOn(architecture: string): string[] {
  const secondary = secondaryArchitectures.get(architecture);
  return secondary === undefined ? [architecture] : [architecture, secondary];
}
