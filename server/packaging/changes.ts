import { basename, dirname, join } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { chaseInRoot } from '../os/chase.ts';
import { entryExists, kindOf } from '../os/directory.ts';
import { makeDirectory, readBounded, writeDurable } from '../os/durable-file.ts';
import { removeFile, removeIfEmpty } from '../os/remove-file.ts';
import { authorship, type Authorship, type PackagedFile } from './written-file.ts';

/** What is done about one file. `left`: it is there and not as we wrote it, so that it is not ours to touch. */
export interface Change {
  readonly path: string;
  readonly kind: 'write' | 'replace' | 'remove' | 'unchanged' | 'left';
  /** What is to be written. */
  readonly content: string | null;
  /** Of what is left. */
  readonly why: 'changed' | 'foreign' | null;
}

const maximumBytes = 1024 * 1024;

/**
 * What it takes for a host to have these files, and none of ours in the other places.
 *
 * @param places where files of ours can be.
 * @param force take what is in the place of a wanted file for ours, whatever it is.
 * @throws CouldNotDecide if something cannot be read, or a directory on the way is a symbolic link.
 */
export async function planChanges(
  root: string,
  wanted: readonly PackagedFile[],
  places: readonly string[],
  force: boolean,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const { path, content } of wanted) {
    const found = await lookAt(root, path);
    const plan = (kind: Change['kind'], why: Change['why'] = null) =>
      changes.push({ path, kind, content, why });
    if (found === null) plan('write');
    else if (found.content === content) plan('unchanged');
    else if (found.authorship === 'ours' || force) plan('replace');
    else plan('left', found.authorship);
  }
  const wantedPaths = new Set(wanted.map(({ path }) => path));
  for (const path of places.filter((place) => !wantedPaths.has(place))) {
    const found = await lookAt(root, path);
    if (found?.authorship === 'ours') changes.push({ path, kind: 'remove', content: null, why: null });
    else if (found?.authorship === 'changed')
      changes.push({ path, kind: 'left', content: null, why: 'changed' });
  }
  return changes;
}

interface Found {
  readonly authorship: Authorship;
  /** Null if it is no regular file. */
  readonly content: string | null;
}

async function lookAt(root: string, path: string): Promise<Found | null> {
  const directory = await chaseInRoot(root, dirname(path));
  if (directory === null) return null;
  await checkStraight(root, dirname(path), directory);
  const target = join(directory, basename(path));
  if (!(await entryExists(target))) return null;
  if ((await kindOf(target)) !== 'file') return { authorship: 'foreign', content: null };
  const bytes = await readBounded(target, maximumBytes, { noFollow: true });
  const content = Buffer.from(bytes).toString('utf8');
  return { authorship: authorship(content), content };
}

// A link would have us write, as root, where nobody looks for units.
async function checkStraight(root: string, path: string, found: string): Promise<void> {
  const base = await chaseInRoot(root, '/');
  if (base !== null && found !== join(base, path))
    throw new CouldNotDecide(
      `${path} is, or is below, a symbolic link to ${found}; nothing is written there`,
    );
}

/** Does what was planned, in that order; each file is written, replaced or removed in one step. @throws CouldNotDecide */
export async function makeChanges(root: string, changes: readonly Change[]): Promise<void> {
  for (const { path, kind, content } of changes) {
    if (kind === 'unchanged' || kind === 'left') continue;
    const directory = await makeDirectory(root, dirname(path));
    await checkStraight(root, dirname(path), directory);
    const target = join(directory, basename(path));
    if (content !== null) await writeDurable(target, Buffer.from(content), 0o644);
    else {
      await removeFile(target);
      // Directories of drop-ins mean nothing when they are empty; others may be somebody's.
      if (/\.(?:service|target|conf)\.d$/.test(directory)) await removeIfEmpty(directory);
    }
  }
}
