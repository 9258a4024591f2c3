import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';

import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { chaseInRoot, Untraceable } from '../os/chase.ts';
import { type EntryKind, isDeadEnd, kindOf, listDirectory, listNames } from '../os/directory.ts';
import { Hanging, within } from '../os/within.ts';
import { currentName, formerName, isImageName } from './extension-name.ts';
import { type Candidate, parseVersionedName, rankCandidates } from './version-pick.ts';

/** One entry of a search directory that systemd would take for an extension. */
export interface FoundImage {
  readonly class: ExtensionClass;
  /** The name systemd merges it under: file name without `.raw` and without the class's suffix. */
  readonly name: string;
  /** The same by the rules of each generation of systemd; null where that sees no image. */
  readonly nameBy: NameByGeneration;
  /** What it is, symbolic links followed inside the root. */
  readonly kind: EntryKind;
  /** The search directory below the root, as in systemd's list. */
  readonly searchDirectory: string;
  /** The name on this system that systemd opens it by; no two images of a class have the same. */
  readonly entry: string;
  /** The file behind the entry. */
  readonly target: string;
  /** The versioned directory (`NAME.raw.v`) that it was picked from, on this system; null if it is in none. */
  readonly pickedFrom: string | null;
  /** What else systemd would choose among in that directory, the next best first. */
  readonly candidates: readonly string[];
  /** What is moved when the image is quarantined. */
  readonly movable: Movable;
  /**
   * One sentence if it depends on systemd's version, or on the order in which a directory happens to be listed, whether
   * this image is merged. Such an image must be refused: nobody can say beforehand what will be merged.
   */
  readonly conflict: string | null;
  /**
   * One sentence if nobody can say what the entry stands for: such an entry is refused without being opened, whatever its name is.
   * systemd stops at a link that it cannot follow, and merges nothing of the class.
   */
  readonly obstacle: string | null;
}

export interface NameByGeneration {
  /** Before 256. */
  readonly former: string | null;
  /** Since 256. */
  readonly current: string | null;
  /** Since about 260: the file behind a link must end in `.raw` too, as systemd opens it by its own name. */
  readonly newest: string | null;
}

/** The image's own entry, or the symbolic link to its versioned directory: what a link leads to is not touched. */
export interface Movable {
  /** On this system. */
  readonly entry: string;
  /** Below the root. */
  readonly path: string;
}

/** Where to look, and for what. */
export interface Place {
  /** A whole host under a directory. */
  readonly root: string;
  readonly class: ExtensionClass;
  /** Below the root. */
  readonly searchDirectory: string;
  /** Whose files systemd prefers in versioned directories. */
  readonly architecture: () => string;
}

/**
 * The images in one search directory, in the order of their file names. systemd takes them in the order in which the file
 * system lists them.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function readSearchDirectory(place: Place): Promise<FoundImage[]> {
  const directory = await chaseInRoot(place.root, place.searchDirectory);
  if (directory === null) return [];
  const fileNames = (await listDirectory(directory)).sort();
  const images: FoundImage[] = [];
  // One after another: what hangs keeps a thread, of which there are four.
  for (const fileName of fileNames) images.push(...(await lookAt(place, directory, fileName)));
  return images;
}

/** For one entry: it may lead to a file system that hangs. */
const lookMs = 10_000;

async function lookAt(place: Place, directory: string, fileName: string): Promise<FoundImage[]> {
  const path = join(place.searchDirectory, fileName);
  const entry = join(directory, fileName);
  const common = {
    ...{ class: place.class, searchDirectory: place.searchDirectory, entry, conflict: null },
    ...{ pickedFrom: null, candidates: [], movable: { entry, path }, obstacle: null },
  };
  const late = `${path} has not answered within ${lookMs / 1000} s; it may be on a file system that hangs`;
  try {
    return await within(lookMs, late, follow(place, common, fileName));
  } catch (error) {
    if (!(error instanceof Hanging)) throw error;
    return [refuseEntry(common, fileName, `${error.message}.`)];
  }
}

async function follow(
  place: Place,
  common: Omit<Found, 'target' | 'kind'>,
  fileName: string,
): Promise<FoundImage[]> {
  const { path, entry } = common.movable;
  const traced = await trace(place.root, path, entry);
  if (traced === null) return [];
  if ('obstacle' in traced) return [refuseEntry(common, fileName, traced.obstacle)];
  const { target } = traced;
  const kind = await kindOf(target);
  const found = {
    ...{ ...common, target, kind },
    conflict: isDirectory(kind) ? describeStack(path, target) : null,
  };
  if (fileName.endsWith('.v') && isDirectory(kind)) {
    const picked = await pickVersion(place, fileName, found);
    // It is the whole directory that is refused then, and it is one entry.
    if (picked.some(({ obstacle }) => obstacle !== null)) return picked;
    return [...picked, ...(await readOtherUse(fileName, found))];
  }
  const current = currentName(fileName, place.class, kind);
  const nameBy = { former: formerName(fileName, kind), current, newest: newestName(current, found) };
  const name = nameBy.current ?? nameBy.former;
  return name === null ? [] : [{ ...found, name, nameBy }];
}

/**
 * Where an entry leads, symbolic links followed inside the root; null if nowhere, as systemd passes over it then.
 *
 * @param path below the root.
 * @param entry the same on this system.
 */
async function trace(
  root: string,
  path: string,
  entry: string,
): Promise<{ readonly target: string } | { readonly obstacle: string } | null> {
  try {
    const target = await chaseInRoot(root, path);
    if (target !== null) return { target };
  } catch (error) {
    if (!(error instanceof Untraceable)) throw error;
    return { obstacle: `${error.message}.` };
  }
  // Below another root systemd follows no links, and the kernel would start at this one.
  if (root !== '/' || !(await isDeadEnd(entry))) return null;
  return { obstacle: `${path} is a link that cannot be followed; systemd stops there.` };
}

/** The entry as one that is refused. systemd stops before it looks at the name. */
function refuseEntry(found: Omit<Found, 'target' | 'kind'>, fileName: string, obstacle: string): FoundImage {
  const name = currentName(fileName, found.class, 'file') ?? fileName;
  const nameBy = { former: name, current: name, newest: name };
  return { ...found, target: found.entry, kind: 'other', name, nameBy, obstacle };
}

function newestName(current: string | null, { kind, target }: Pick<Found, 'kind' | 'target'>): string | null {
  return kind === 'file' && !target.endsWith('.raw') ? null : current;
}

/** systemd since 260 knows directories that are stacks of images, under another name than earlier versions. */
function describeStack(path: string, target: string): string | null {
  if (![path, target].some((name) => name.endsWith('.mstack'))) return null;
  return `${path} is a stack of images (.mstack) since systemd 260 and a directory before; what is merged depends on systemd's version.`;
}

type Found = Omit<FoundImage, 'name' | 'nameBy'>;

/**
 * What systemd picks from a versioned directory: nothing if the best candidate is no file of the right type, whatever else
 * there is (pin_choice() in src/shared/vpick.c).
 */
async function pickVersion(place: Place, fileName: string, directory: Found): Promise<FoundImage[]> {
  const versioned = parseVersionedName(fileName, place.class);
  if (versioned === null || !isImageName(versioned.name)) return [];
  const [best, ...others] = await readCandidates(directory.target, versioned, place.architecture);
  if (best === undefined) return [];
  const bestName = decodeName(best);
  const refused = (obstacle: string): FoundImage => ({
    ...refuseEntry(directory, fileName, obstacle),
    ...{ name: versioned.name, nameBy: { former: null, current: versioned.name, newest: versioned.name } },
  });
  if (bestName === null)
    return [refused(`systemd would pick a file in ${directory.movable.path} whose name is not UTF-8.`)];
  const path = join(directory.movable.path, bestName);
  const entry = join(directory.entry, bestName);
  const traced = await trace(place.root, path, entry);
  if (traced === null) return [];
  if ('obstacle' in traced) return [refused(traced.obstacle)];
  const { target } = traced;
  const kind = await kindOf(target);
  const fits =
    versioned.holds === 'directories' ? isDirectory(kind) : kind === 'file' || kind === 'block-device';
  if (!fits) return [];
  const image = {
    ...{ ...directory, entry, target, kind, name: versioned.name },
    nameBy: {
      ...{ former: null, current: versioned.name },
      newest: newestName(versioned.name, { kind, target }),
    },
    conflict: isDirectory(kind) ? describeStack(path, target) : null,
    pickedFrom: directory.target,
    candidates: others.map((other) => Buffer.from(other.fileName, 'latin1').toString('utf8')),
  };
  // What lies in a directory elsewhere is not ours to move; without the link systemd does not see it.
  return [directory.entry === directory.target ? { ...image, movable: { entry, path } } : image];
}

/**
 * What systemd would choose among in a versioned directory, what it picks first.
 *
 * @param path of the directory on this system.
 */
export async function readCandidates(
  path: string,
  versioned: { readonly name: string; readonly suffix: string },
  architecture: () => string,
): Promise<Candidate[]> {
  const names = await listNames(path);
  if (names.length === 0) return [];
  const name = Buffer.from(versioned.name, 'utf8').toString('latin1');
  return rankCandidates(names, { name, suffix: versioned.suffix }, architecture());
}

/** Null for what is no text: systemd takes any bytes after the last underscore, so such a name must not be passed over. */
function decodeName({ fileName }: Candidate): string | null {
  const bytes = Buffer.from(fileName, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/**
 * What else `NAME.raw.v` can be. systemd before 256 takes it for a directory extension of that name, and merges it if it has
 * the tree of one; since 260 `NAME.mstack.v` holds stacks. Neither must go unseen.
 */
async function readOtherUse(fileName: string, found: Found): Promise<FoundImage[]> {
  const name = formerName(fileName, found.kind);
  const names = await listNames(found.target);
  const isTree = ['usr', 'opt', 'etc'].some((hierarchy) => names.includes(hierarchy));
  const isStack = fileName.endsWith('.mstack.v') && names.length > 0;
  if (name === null || (!isTree && !isStack)) return [];
  const { path } = found.movable;
  const conflict = isTree
    ? `${path} is an extension of its own before systemd 256 and a directory of versions since; take the tree out of it.`
    : `${path} holds stacks of images since systemd 260 and directories before; what is merged depends on systemd's version.`;
  return [{ ...found, name, nameBy: { former: name, current: null, newest: null }, conflict }];
}

function isDirectory(kind: EntryKind): boolean {
  return kind === 'directory' || kind === 'empty-directory';
}
