import { join } from 'node:path';

import { chaseInRoot } from '../../os/chase.ts';
import { fileSize, kindOf, linkTarget, listDirectory } from '../../os/directory.ts';

/** A file in one of several directories of which the first has priority. */
export interface LayeredFile {
  readonly name: string;
  /** Below the root. */
  readonly path: string;
  /** On this system, links followed. */
  readonly target: string | null;
  /**
   * `mask`: an empty file or a link to /dev/null, in the place of files of that name in directories of lower priority;
   * `nothing`: a link that leads nowhere, a directory, or something that is no file.
   */
  readonly kind: 'file' | 'mask' | 'nothing';
  /** The file or mask of the same name in a directory of higher priority; null if there is none. */
  readonly hiddenBy: LayeredFile | null;
  /** 0 where `kind` is not `file`. */
  readonly bytes: number;
}

/**
 * Lists configuration directories as systemd does (conf_files_list_nulstr() in systemd's src/basic/conf-files.c): of files of
 * one name the one in the first directory counts. Hidden files are listed too.
 *
 * @param directories below the root, highest priority first.
 * @param wanted which names; all if not given.
 * @returns in the order of the directories, by name in each.
 * @throws CouldNotDecide if a directory cannot be read.
 */
export async function listLayered(
  root: string,
  directories: readonly string[],
  wanted: (name: string) => boolean = () => true,
): Promise<LayeredFile[]> {
  const files: LayeredFile[] = [];
  for (const directory of directories) {
    const place = await chaseInRoot(root, directory);
    if (place === null) continue;
    for (const name of (await listDirectory(place)).filter(wanted).sort()) {
      const seen = await lookAt(root, directory, name, join(place, name));
      const hiddenBy = files.find((other) => other.name === name && other.kind !== 'nothing') ?? null;
      files.push({ ...seen, hiddenBy });
    }
  }
  return files;
}

async function lookAt(root: string, directory: string, name: string, entry: string) {
  const path = join(directory, name);
  // By what it says, not by what it leads to: below another root there need be no /dev.
  const isNull = (await linkTarget(entry)) === '/dev/null';
  const target = await chaseInRoot(root, path);
  const kind = target === null ? null : await kindOf(target);
  const bytes = target !== null && kind === 'file' ? await fileSize(target) : 0;
  const isMask = isNull || (kind === 'file' && bytes === 0);
  return {
    ...{ name, path, target, bytes },
    kind: isMask ? ('mask' as const) : kind === 'file' ? ('file' as const) : ('nothing' as const),
  };
}
