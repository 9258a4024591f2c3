import { Malformed } from '../../bytes/failures.ts';
import { type Reason, reason } from '../../reasons.ts';
import type { Directory, FileSystem, RegularFile } from '../filesystems/file-system.ts';
import { walk } from '../filesystems/walk.ts';
import type { Designator } from '../partition-types.ts';
import { maximumReleaseFileBytes } from './env-file.ts';
import { parseRelease, type Release, type ReleaseClass } from './extension-release.ts';
import { asMounted } from './mounted-tree.ts';
import { quoted } from './quoted.ts';
import {
  canNameReleaseFile,
  releaseFilePrefix,
  releaseNames,
  unversionedName,
} from './release-file-names.ts';
import { waivesName } from './strict-attribute.ts';

/** How systemd calls and uses the image: `name` as it is merged, without `.raw`. */
export interface ExtensionName {
  readonly class: ReleaseClass;
  readonly name: string;
}

export interface ReleaseFound {
  readonly release: Release;
  /** Where it was found in the tree as systemd mounts it, without a slash before it; links on the way are not resolved. */
  readonly path: string;
  /** False: the file is for another name, and says by its attribute that any will do. */
  readonly strict: boolean;
}

export type ReleaseSearch =
  | (ReleaseFound & { readonly found: true })
  | { readonly found: false; readonly reasons: readonly [Reason, ...Reason[]] };

const directories: Readonly<Record<ReleaseClass, string>> = {
  sysext: 'usr/lib/extension-release.d',
  confext: 'etc/extension-release.d',
};

// Each of them may have attributes to be read, and no image has more than a few.
const maximumEntries = 64;
const maximumNamesShown = 5;

/**
 * Finds the release data of an extension in its file tree, as systemd 262 does: open_extension_release_at() in systemd's
 * src/basic/os-util.c and extension_has_forbidden_content() in src/shared/extension-util.c, read as of 261.
 *
 * The file of the image's name, links followed inside the image; else the one regular file, not a link, that is named for
 * the image without its version (`app` for `app_1.2`; 252 has no such rule) or whose attribute
 * user.extension-release.strict is false; two such files are as bad as none.
 *
 * Stricter than systemd: any entry usr/lib/os-release is refused, in a confext that is a directory and as a link that
 * leads nowhere too; a release file has at most 64 KiB, the directory at most 64 entries. So is a usr partition with an entry
 * usr: the partition's type is not signed, and a signed root file system under the type of usr would be merged one level off.
 *
 * @param designator whether the tree is the whole of the image or what it has below /usr.
 * @returns the release, or why there is none: `incompatible`, `name-mismatch`.
 * @throws Malformed if the file or the tree breaks its format.
 * @throws Unsupported for more than the limits.
 * @throws CouldNotDecide if the tree cannot be read.
 */
export async function findRelease(
  fileSystem: FileSystem,
  name: ExtensionName,
  designator: Designator,
): Promise<ReleaseSearch> {
  if (designator === 'usr' && (await fileSystem.root.lookup('usr')) !== null)
    return refused(
      'incompatible',
      'The usr partition has a usr of its own: it is the whole root of something.',
    );
  const tree = asMounted(fileSystem, designator);
  if (await shipsOsRelease(tree))
    return refused('incompatible', 'The image has usr/lib/os-release of its own.');
  if (!canNameReleaseFile(name.name))
    return refused('name-mismatch', `No release file can be named for an image named ${quoted(name.name)}.`);
  return (await findByName(tree, name)) ?? (await findByOtherName(tree, name));
}

// The merged system would call itself what the image says, and the next image would be compared with that. A link counts
// though it leads nowhere in the image: once merged it leads to a file of the host.
async function shipsOsRelease(tree: FileSystem): Promise<boolean> {
  const directory = await walk(tree, 'usr/lib');
  return directory?.kind === 'directory' && (await directory.lookup('os-release')) !== null;
}

async function findByName(
  tree: FileSystem,
  { class: releaseClass, name }: ExtensionName,
): Promise<ReleaseSearch | null> {
  const path = `${directories[releaseClass]}/${releaseFilePrefix}${name}`;
  const file = await walk(tree, path);
  if (file === null) return null;
  // systemd would read a device, or wait for ever for the writer of a FIFO.
  if (file.kind !== 'file')
    return refused('incompatible', `${quoted(path)} in the image is not a regular file.`);
  return readFound(file, path, true);
}

async function findByOtherName(tree: FileSystem, extension: ExtensionName): Promise<ReleaseSearch> {
  const path = directories[extension.class];
  const directory = await walk(tree, path);
  if (directory === null) return refused('incompatible', await withoutDirectory(tree, extension.class));
  if (directory.kind !== 'directory') return refused('incompatible', `${path} in the image is no directory.`);
  const names = releaseNames(await directory.names(maximumEntries));
  const [first, ...others] = await candidates(directory, names, extension.name);
  if (first === undefined) return refuseNames(path, names, extension.name);
  if (others.length > 0) {
    const files = shown([first, ...others].map(({ name }) => name));
    return refused(
      'name-mismatch',
      `More than one release file in ${path} could be for this image: ${files}.`,
    );
  }
  return readFound(first.file, `${path}/${releaseFilePrefix}${first.name}`, first.strict);
}

interface Candidate {
  readonly name: string;
  readonly file: RegularFile;
  readonly strict: boolean;
}

async function candidates(
  directory: Directory,
  names: readonly string[],
  imageName: string,
): Promise<Candidate[]> {
  const unversioned = unversionedName(imageName);
  if (unversioned === null) return [];
  const found: Candidate[] = [];
  for (const name of names) {
    const file = await directory.lookup(`${releaseFilePrefix}${name}`);
    if (file === null)
      throw new Malformed('extension-release.d', `lists ${quoted(name)} and does not have it`);
    if (file.kind !== 'file') continue;
    if (name === unversioned) found.push({ name, file, strict: true });
    else if (await waivesName(file)) found.push({ name, file, strict: false });
  }
  return found;
}

async function readFound(file: RegularFile, path: string, strict: boolean): Promise<ReleaseSearch> {
  const release = parseRelease(await file.read(maximumReleaseFileBytes));
  return { found: true, release, path, strict };
}

function refused(code: 'incompatible' | 'name-mismatch', message: string): ReleaseSearch {
  return { found: false, reasons: [reason(code, message)] };
}

function refuseNames(path: string, names: readonly string[], imageName: string): ReleaseSearch {
  if (names.length === 0) return refused('incompatible', `There is no release file in ${path} of the image.`);
  const wanted = `No release file in ${path} is for an image named ${quoted(imageName)}`;
  return refused('name-mismatch', `${wanted}; there is one for ${shown(names)}.`);
}

async function withoutDirectory(tree: FileSystem, releaseClass: ReleaseClass): Promise<string> {
  const other = releaseClass === 'sysext' ? 'confext' : 'sysext';
  const hint = (await walk(tree, directories[other])) === null ? '' : `, but is one as a ${other}`;
  return `The image is no ${releaseClass}: it has no ${directories[releaseClass]}${hint}.`;
}

function shown(names: readonly string[]): string {
  const more = names.length > maximumNamesShown ? ` and ${names.length - maximumNamesShown} more` : '';
  return `${names.slice(0, maximumNamesShown).map(quoted).join(', ')}${more}`;
}
