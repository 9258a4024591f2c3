import { basename, dirname, join } from 'node:path';

import { readIfPresent } from '../os/durable-file.ts';
import { listMaskableFiles } from '../os/masked-files.ts';
import { type DropInDirectory, findDropInDirectories } from './drop-in-directories.ts';

const maximumBytes = 256 * 1024;

/**
 * Drop-ins that keep systemd from asking Touchstone: those of a unit that are read after ours and say what it executes, which can put
 * the command back that Touchstone took the place of (`systemctl edit` names its file override.conf, which is late), and those by
 * which systemd does not read ours at all.
 *
 * @param ours below the root.
 * @returns one sentence for each.
 * @throws CouldNotDecide if a directory or file cannot be read.
 */
export async function findLaterDropIns(root: string, ours: readonly string[]): Promise<string[]> {
  const directoriesOf = await findDropInDirectories(root);
  const found: string[] = [];
  for (const path of ours) {
    const place = dirname(path);
    if (!place.endsWith('.service.d')) continue;
    const all = directoriesOf(basename(place).slice(0, -'.d'.length));
    const rank = all.find((one) => one.path === place)?.rank ?? 0;
    for (const directory of all) found.push(...(await lookIn(root, directory, { path, rank }, ours)));
  }
  return [...new Set(found)];
}

async function lookIn(
  root: string,
  { path: directory, rank }: DropInDirectory,
  own: DropInDirectory,
  ours: readonly string[],
): Promise<string[]> {
  const name = basename(own.path);
  const found: string[] = [];
  for (const file of await listMaskableFiles(root, directory, '.conf')) {
    const path = join(directory, file.name);
    if (ours.includes(path)) continue;
    if (file.name === name && rank < own.rank)
      found.push(`${path} hides ${own.path} from systemd: Touchstone is not asked; remove it`);
    if (file.name > name && !file.masks && (await isExecuting(root, path)))
      found.push(
        `${path} comes after ${name} and says what is executed, too: see systemctl cat whether Touchstone is still asked`,
      );
  }
  return found;
}

async function isExecuting(root: string, path: string): Promise<boolean> {
  const bytes = await readIfPresent(root, path, maximumBytes);
  return bytes !== null && /^\s*Exec\w+\s*=/m.test(Buffer.from(bytes).toString('latin1'));
}
