import { basename, join } from 'node:path';

import { chaseInRoot } from '../os/chase.ts';
import { linkTarget, listDirectory } from '../os/directory.ts';

/** Where systemd looks for units and their drop-ins, what counts most first (systemd.unit(5), "Unit File Load Path"). */
const unitPlaces = [
  ...['/etc/systemd/system.control', '/run/systemd/system.control', '/run/systemd/transient'],
  ...['/run/systemd/generator.early', '/etc/systemd/system', '/etc/systemd/system.attached'],
  ...['/run/systemd/system', '/run/systemd/system.attached', '/run/systemd/generator'],
  ...['/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/run/systemd/generator.late'],
] as const;

/** Where ours are. */
const ownPlace = '/etc/systemd/system';

/** A directory with drop-ins of a unit. */
export interface DropInDirectory {
  /** Below the root. */
  readonly path: string;
  /** Of two files of one name, the one in the directory with the lower rank hides the other. */
  readonly rank: number;
}

/** What is in the places of units: names of directories with drop-ins, and what links are called and lead to. */
interface Place {
  readonly path: string;
  readonly directories: readonly string[];
  readonly links: ReadonlyMap<string, string>;
}

/**
 * Finds the directories that can have drop-ins of a service: of its own name, of the template's instances, of what its name
 * begins with up to a dash, of its aliases, and of all services (systemd.unit(5), and unit_file_find_dirs() in systemd's
 * src/shared/dropin.c).
 *
 * @returns for each service those that there are, and the one in /etc/systemd/system that may come to be.
 * @throws CouldNotDecide if a place of units cannot be read.
 */
export async function findDropInDirectories(
  root: string,
): Promise<(service: string) => readonly DropInDirectory[]> {
  const places: Place[] = [];
  for (const path of unitPlaces) places.push(await readPlace(root, path));
  return (service) => {
    const aliases = aliasesOf(service, places);
    return places.flatMap(({ path, directories }, at) =>
      [...new Set([...directories, ...(path === ownPlace ? [`${service}.d`] : [])])].flatMap((name) => {
        const own = closeness(name, service);
        const others = aliases.some((alias) => closeness(name, alias) !== null) || name === 'service.d';
        if (own === null && !others) return [];
        // Those of the service come before those of aliases and of all services, wherever these are.
        const rank = own === null ? 2 * places.length : at + own / 2;
        return [{ path: join(path, name), rank }];
      }),
    );
  };
}

async function readPlace(root: string, path: string): Promise<Place> {
  const place = await chaseInRoot(root, path);
  const names = place === null ? [] : await listDirectory(place);
  const links = new Map<string, string>();
  for (const name of names.filter((one) => one.endsWith('.service'))) {
    const target = place === null ? null : await linkTarget(join(place, name));
    if (target !== null) links.set(name, basename(target));
  }
  return { path, directories: names.filter((name) => name.endsWith('service.d')), links };
}

/** Names under which links say that the service can be found, by way of other links too. */
function aliasesOf(service: string, places: readonly Place[]): readonly string[] {
  const names = new Set([service]);
  const links = places.flatMap((place) => [...place.links]);
  for (let before = 0; before < names.size;) {
    before = names.size;
    for (const [name, target] of links) if (names.has(target)) names.add(name);
  }
  return [...names].filter((name) => name !== service);
}

/** 0: of an instance, before the template's own; 1: of the unit or what its name begins with; null: not of it. */
function closeness(directory: string, service: string): 0 | 1 | null {
  const { prefix, instance } = split(service.slice(0, -'.service'.length));
  const [, name] = /^(.+)\.service\.d$/.exec(directory) ?? [];
  if (name === undefined) return null;
  const found = split(name);
  if (found.prefix === prefix) {
    if (found.instance === instance) return 1;
    return instance === '' && found.instance !== null ? 0 : null;
  }
  const isBeginning = found.prefix.endsWith('-') && prefix.startsWith(found.prefix);
  return isBeginning && (found.instance === null || instance !== null) ? 1 : null;
}

/** `PREFIX`, `PREFIX@` and `PREFIX@INSTANCE`: null, empty and the instance. */
function split(name: string): { readonly prefix: string; readonly instance: string | null } {
  const at = name.indexOf('@');
  return at === -1
    ? { prefix: name, instance: null }
    : { prefix: name.slice(0, at), instance: name.slice(at + 1) };
}
