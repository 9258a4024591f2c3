import { basename, dirname, join, relative } from 'node:path';

import { type ExtensionClass, type ImageVerdict, refuse } from '../../verifier/image-verdict.ts';
import { type Reason, reason } from '../../verifier/reasons.ts';
import { chaseInRoot } from '../os/chase.ts';
import { entryExists, linkTarget, listDirectory } from '../os/directory.ts';
import { makeDirectory, makeLink, makePrivateDirectory, removeEntry } from '../os/durable-file.ts';
import { nativeArchitecture } from '../os/native-architecture.ts';
import { imageStore } from '../os/own-paths.ts';
import type { GateInput } from './gate-input.ts';
import { sidecarSuffixes } from './read-sidecars.ts';
import { type FoundImage, readSearchDirectory } from './search-directory.ts';
import { type JudgedImage, verifyDiscovered } from './verify-discovered.ts';

/** An image of the store that is not shown to systemd, and why. */
export interface UnstagedImage {
  /** On this system. */
  readonly entry: string;
  readonly verdict: ImageVerdict;
}

/** An image of the store that systemd is shown. */
export interface StagedImage extends JudgedImage {
  /** The file or directory on this system, links followed. */
  readonly target: string;
}

export interface StoreReport {
  readonly staged: readonly StagedImage[];
  /** It stays in the store. */
  readonly unstaged: readonly UnstagedImage[];
}

/** Where systemd looks, and nothing stays over a reboot: the next boot merges nothing that it has not verified and measured. */
const stages: Readonly<Record<ExtensionClass, string>> = {
  sysext: '/run/extensions',
  confext: '/run/confexts',
};

/**
 * Shows systemd what is approved of the store, by symbolic links in a search directory below /run, and takes away the links to
 * whatever is approved no more. What others put there is left alone, and gated like everything that systemd would merge. Under
 * audit everything is shown.
 *
 *     unlink     what is not wanted any more goes before anything comes
 *     symlink    what lies beside an image first, then the image; a kill between leaves what the next run completes
 *
 * @throws CouldNotDecide if the store belongs to somebody else, or cannot be read.
 */
export async function stageStore(input: GateInput, extensionClass: ExtensionClass): Promise<StoreReport> {
  const { root, policy } = input;
  const store = imageStore(extensionClass);
  if ((await chaseInRoot(root, store)) !== null) await makePrivateDirectory(root, store);
  const images = await judgeStore(input, extensionClass);
  const shown = images.filter(
    ({ links, verdict }) => links.size > 0 && (verdict.approval !== null || policy.mode === 'audit'),
  );
  await removeOthers(root, extensionClass, new Map(shown.flatMap(({ links }) => [...links])));
  const staged: StoredImage[] = [];
  const unstaged = images.filter((image) => image.verdict.approval === null);
  for (const image of shown) {
    const taken = await show(root, stages[extensionClass], image.links);
    if (taken === null) staged.push(image);
    else
      unstaged.push(refuseStored(image, `${taken} is there already, so this one is not shown to systemd.`));
  }
  return { staged, unstaged };
}

/** An image of the store, and how it would be shown. */
export interface StoredImage extends StagedImage, UnstagedImage {
  /** Names and texts of the links that show it to systemd, its own the last; none if it must not be shown in any mode. */
  readonly links: ReadonlyMap<string, string>;
}

function refuseStored<T extends UnstagedImage>(image: T, message: string): T {
  const reasons: Reason[] = [reason('name-mismatch', message)];
  return { ...image, verdict: refuse(image.verdict, reasons) };
}

/** Verifies the store as if it were a search directory, and changes nothing. @throws CouldNotDecide */
export async function judgeStore(
  input: Omit<GateInput, 'classes'>,
  extensionClass: ExtensionClass,
): Promise<StoredImage[]> {
  const { root } = input;
  const store = imageStore(extensionClass);
  const directory = await chaseInRoot(root, store);
  if (directory === null) return [];
  const place = { root, class: extensionClass, searchDirectory: store, architecture: nativeArchitecture };
  // An empty directory masks nothing here: nobody looks behind the store.
  const found = (await readSearchDirectory(place)).filter(({ kind }) => kind !== 'empty-directory');
  const images: StoredImage[] = [];
  for (const image of found) {
    const judged = await verifyDiscovered(input, { ...image, hiddenBy: null });
    const stored = { ...judged, entry: image.entry, target: image.target };
    const objection = objectionTo(image, found, directory);
    images.push(
      objection === null
        ? { ...stored, links: await linksOf(root, image, join(store, relative(directory, image.target))) }
        : refuseStored({ ...stored, links: new Map() }, objection),
    );
  }
  return images;
}

function objectionTo(image: FoundImage, found: readonly FoundImage[], directory: string): string | null {
  const rival = found.find((other) => other !== image && other.name === image.name);
  if (rival !== undefined)
    return `${rival.movable.path} and ${image.movable.path} are both named ${image.name}; keep one of them.`;
  const below = relative(directory, image.target);
  // What others can write to is no private store.
  const isOutside = below === '' || below === '..' || below.startsWith('../');
  return isOutside ? `${image.movable.path} leads out of the store; put the image itself there.` : null;
}

/**
 * The links to an image and to what systemd reads beside it. They have the name that the image has in every version of systemd,
 * and of a versioned directory they show the file that was picked: another one that comes before the merge is not merged.
 */
async function linksOf(root: string, { name, kind }: FoundImage, path: string): Promise<Map<string, string>> {
  if (kind !== 'file') return new Map([[name, path]]);
  const links = new Map<string, string>();
  const stem = join(dirname(path), basename(path, '.raw'));
  for (const suffix of sidecarSuffixes)
    if ((await chaseInRoot(root, `${stem}${suffix}`)) !== null)
      links.set(`${name}${suffix}`, `${stem}${suffix}`);
  return links.set(`${name}.raw`, path);
}

/** @returns null once all links are there; else the name, below the root, that something else has. */
async function show(root: string, stage: string, links: ReadonlyMap<string, string>): Promise<string | null> {
  const directory = await makeDirectory(root, stage);
  for (const [name, text] of links) {
    const path = join(directory, name);
    if ((await linkTarget(path)) === text) continue;
    if (await entryExists(path)) return join(stage, name);
    await makeLink(text, path);
  }
  return null;
}

/** Takes away links that lead into the store: they are ours, whoever made them. */
async function removeOthers(
  root: string,
  extensionClass: ExtensionClass,
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  const directory = await chaseInRoot(root, stages[extensionClass]);
  if (directory === null) return;
  for (const name of await listDirectory(directory)) {
    const text = await linkTarget(join(directory, name));
    const isOurs = text?.startsWith(`${imageStore(extensionClass)}/`) === true;
    if (isOurs && wanted.get(name) !== text) await removeEntry(join(directory, name));
  }
}
