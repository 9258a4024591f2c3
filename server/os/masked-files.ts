import { readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { listDirectory } from './directory.ts';
import { chaseInRoot } from './chase.ts';
import { isErrno, systemFailure } from './system-failure.ts';

export interface MaskableFile {
  readonly name: string;
  /** It has no bytes, or is a link to /dev/null (null_or_empty() in systemd's src/basic/stat-util.c). */
  readonly masks: boolean;
}

/**
 * The regular files of a directory below a root with a certain ending, links followed inside it, as systemd lists drop-ins
 * (conf_files_list() in systemd's src/basic/conf-files.c); none if there is no such directory.
 *
 * @throws CouldNotDecide
 */
export async function listMaskableFiles(root: string, path: string, ending: string): Promise<MaskableFile[]> {
  const directory = await chaseInRoot(root, path);
  if (directory === null) return [];
  const files: MaskableFile[] = [];
  for (const name of (await listDirectory(directory)).filter((one) => one.endsWith(ending))) {
    const masks = (await isLinkToNull(join(directory, name))) || (await isEmpty(root, `${path}/${name}`));
    if (masks !== null) files.push({ name, masks });
  }
  return files;
}

async function isLinkToNull(path: string): Promise<boolean> {
  try {
    return (await readlink(path)) === '/dev/null';
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT')) return false;
    throw systemFailure(`look at ${path}`, error);
  }
}

/** Null if it is no regular file. */
async function isEmpty(root: string, path: string): Promise<boolean | null> {
  const found = await chaseInRoot(root, path);
  if (found === null) return null;
  try {
    const stats = await stat(found);
    return stats.isFile() ? stats.size === 0 : null;
  } catch (error) {
    throw systemFailure(`look at ${path}`, error);
  }
}
