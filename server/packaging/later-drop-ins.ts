import { join } from 'node:path';

import { chaseInRoot } from '../os/chase.ts';
import { readIfPresent } from '../os/durable-file.ts';
import { listMaskableFiles } from '../os/masked-files.ts';

const maximumBytes = 256 * 1024;

const places = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((top) => `${top}/systemd/system`);

/**
 * Drop-ins of a unit that systemd reads after ours and that say what it executes: they can put the command back that Touchstone
 * took the place of (`systemctl edit` names its file override.conf, which is late).
 *
 * @param ours below the root.
 * @returns one sentence for each.
 * @throws CouldNotDecide if a directory or file cannot be read.
 */
export async function findLaterDropIns(root: string, ours: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const own = new Set(ours);
  for (const path of ours) {
    const match = /\/([^/]+\.service\.d)\/([^/]+)$/.exec(path);
    const [, directory, name] = match ?? [];
    if (directory === undefined || name === undefined) continue;
    for (const place of places) found.push(...(await lookIn(root, join(place, directory), name, own)));
  }
  return found;
}

async function lookIn(
  root: string,
  directory: string,
  ours: string,
  own: ReadonlySet<string>,
): Promise<string[]> {
  if ((await chaseInRoot(root, directory)) === null) return [];
  const found: string[] = [];
  for (const { name, masks } of await listMaskableFiles(root, directory, '.conf')) {
    if (masks || name <= ours || own.has(join(directory, name))) continue;
    const bytes = await readIfPresent(root, join(directory, name), maximumBytes);
    if (bytes !== null && /^\s*Exec\w+\s*=/m.test(Buffer.from(bytes).toString('latin1')))
      found.push(
        `${join(directory, name)} comes after ${ours} and says what is executed, too: see systemctl cat whether Touchstone is still asked`,
      );
  }
  return found;
}
