import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';

import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { chaseInRoot, Untraceable } from '../../os/chase.ts';
import { kindOf, linkTarget, listDirectory, listNames } from '../../os/directory.ts';
import { abandonedDirectories, searchDirectories } from '../../os/host-paths.ts';
import { currentName, isImageName } from '../extension-name.ts';
import { readCandidates } from '../search-directory.ts';
import { isVersionForAny, parseVersionedName, type VersionedDirectory } from '../version-pick.ts';
import { isSidecarName } from './sidecar-names.ts';
import { lintSidecars, toWarning } from './sidecars.ts';
import type { Warning } from './warning.ts';

/** Where to look: a directory below the root, and what it is on this system. */
interface Place {
  readonly root: string;
  readonly class: ExtensionClass;
  readonly path: string;
  readonly directory: string;
}

/**
 * Warns of what stands in the search directories and is not merged, whatever it was meant to be: by the rules of systemd 256
 * and newer.
 *
 * @param architecture whose files systemd prefers in versioned directories.
 * @throws CouldNotDecide if a directory cannot be read.
 */
export async function lintSearchDirectories(
  root: string,
  extensionClass: ExtensionClass,
  architecture: () => string,
): Promise<Warning[]> {
  const abandoned = abandonedDirectories[extensionClass];
  const searched = searchDirectories(extensionClass).filter((path) => !abandoned.includes(path));
  const warnings: Warning[] = [];
  for (const path of searched) {
    const directory = await chaseInRoot(root, path);
    if (directory === null) continue;
    const place = { root, class: extensionClass, path, directory };
    warnings.push(...(await lintEntries(place, architecture)), ...(await lintSidecarsIn(place)));
  }
  return [...warnings, ...(await lintAbandoned(root, extensionClass, abandoned))];
}

async function lintAbandoned(
  root: string,
  extensionClass: ExtensionClass,
  abandoned: readonly string[],
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const path of abandoned) {
    const directory = await chaseInRoot(root, path);
    if (directory === null || (await listDirectory(directory)).length === 0) continue;
    const since = extensionClass === 'sysext' ? ' since version 254' : '';
    const message = `systemd does not look for a ${extensionClass} here${since}; put it into ${searchDirectories(extensionClass).slice(0, 3).join(', ')}.`;
    warnings.push({ code: 'ignored-image', message, path });
  }
  return warnings;
}

async function lintEntries(place: Place, architecture: () => string): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const bytes of (await listNames(place.directory)).sort()) {
    const name = Buffer.from(bytes, 'latin1');
    const message = isUtf8(name)
      ? await judgeEntry(place, name.toString('utf8'), architecture)
      : 'Its name is not UTF-8; systemd takes no such file for an image.';
    if (message !== null)
      warnings.push({ code: 'ignored-image', message, path: join(place.path, name.toString('utf8')) });
  }
  return warnings;
}

async function judgeEntry(
  place: Place,
  fileName: string,
  architecture: () => string,
): Promise<string | null> {
  if ((await linkTarget(join(place.directory, fileName))) === '/dev/null')
    return 'A link to /dev/null hides nothing here; an empty directory of the name of an image does.';
  const target = await chaseOr(place.root, join(place.path, fileName));
  if (target === untraceable) return 'It is a link that cannot be followed; systemd stops there.';
  if (target === null) return 'It is a link that leads nowhere; systemd passes over it.';
  const kind = await kindOf(target);
  if (kind === 'other')
    return 'It is neither a file nor a directory nor a block device; systemd passes over it.';
  const versioned = kind.endsWith('directory') ? parseVersionedName(fileName, place.class) : null;
  if (versioned !== null) return judgeVersioned(place, fileName, target, versioned, architecture);
  if (currentName(fileName, place.class, kind) !== null)
    return kind === 'file' && !target.endsWith('.raw')
      ? 'It is a link to a file that does not end in .raw; systemd since about 260 passes over it.'
      : null;
  if (kind !== 'file' || fileName.endsWith('.raw')) return 'systemd takes no file of this name for an image.';
  return isSidecarName(fileName) ? null : 'systemd takes only files whose names end in .raw for images.';
}

const untraceable = Symbol('untraceable');

async function chaseOr(root: string, path: string): Promise<string | null | typeof untraceable> {
  try {
    return await chaseInRoot(root, path);
  } catch (error) {
    if (error instanceof Untraceable) return untraceable;
    throw error;
  }
}

async function judgeVersioned(
  { root, path }: Place,
  fileName: string,
  target: string,
  versioned: VersionedDirectory,
  architecture: () => string,
): Promise<string | null> {
  if (!isImageName(versioned.name)) return 'systemd takes no directory of this name for one of versions.';
  const { name, suffix, holds } = versioned;
  const wanted = `${name}_VERSION${suffix}`;
  const [best] = await readCandidates(target, versioned, architecture);
  if (best === undefined)
    return `systemd looks for ${holds} named ${wanted} here and finds none for this host; it passes over the directory.`;
  const bestName = Buffer.from(best.fileName, 'latin1').toString('utf8');
  const found = await chaseOr(root, join(path, fileName, bestName));
  if (found === untraceable) return `systemd picks ${bestName}, a link that cannot be followed.`;
  const kind = found === null ? null : await kindOf(found);
  const fits =
    holds === 'directories' ? kind?.endsWith('directory') : kind === 'file' || kind === 'block-device';
  if (fits !== true)
    return `systemd picks ${bestName}, which is not what such a directory holds, and then passes over all of it; it looks for ${holds}.`;
  const odd = (await listDirectory(target)).filter(
    (entry) => !isSidecarName(entry) && !isVersionForAny(entry, versioned),
  );
  return odd.length === 0
    ? null
    : `systemd takes none of ${odd.sort().join(', ')} for a version: names are ${wanted}.`;
}

async function lintSidecarsIn({ root, path, directory, class: extensionClass }: Place): Promise<Warning[]> {
  const warnings = (await lintSidecars(directory)).map((finding) => toWarning(finding, path));
  for (const name of await listDirectory(directory)) {
    if (parseVersionedName(name, extensionClass)?.holds !== 'image files') continue;
    const versions = await chaseOr(root, join(path, name));
    if (versions === null || versions === untraceable || !(await kindOf(versions)).endsWith('directory'))
      continue;
    const findings = await lintSidecars(versions);
    warnings.push(...findings.map((finding) => toWarning(finding, join(path, name))));
  }
  return warnings;
}
