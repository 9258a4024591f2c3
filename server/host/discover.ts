import { join } from 'node:path';

import { compareVersions } from '../../verifier/image/version-order.ts';
import type { ExtensionClass } from '../../verifier/verify-image.ts';
import { chaseInRoot } from '../os/chase.ts';
import { type EntryKind, kindOf, listDirectory } from '../os/directory.ts';
import { searchDirectories } from '../os/host-paths.ts';

/** One entry of a search directory that systemd would take for an extension. */
export interface DiscoveredImage {
  readonly class: ExtensionClass;
  /** The name systemd merges it under: file name without `.raw` and without the class's suffix. */
  readonly name: string;
  /** What it is, symbolic links followed inside the root. */
  readonly kind: EntryKind;
  /** The search directory below the root, as in systemd's list. */
  readonly searchDirectory: string;
  /** The entry itself on this system: what is moved when the image is quarantined. */
  readonly entry: string;
  /** The file behind the entry. */
  readonly target: string;
  /** The entry of the same name in a directory of higher priority that hides this one; null if this one is in effect. */
  readonly hiddenBy: string | null;
}

/** What would be merged for one class, and what stands behind it. */
export interface Discovery {
  /** In layer order, lowest first. */
  readonly effective: readonly DiscoveredImage[];
  /** Hidden by an entry of the same name in a directory of higher priority. */
  readonly shadowed: readonly DiscoveredImage[];
}

/**
 * Finds extension images as systemd does (image_discover() in discover-image.c; systemd-sysext(8)): search directories
 * in order of priority, the first of a name wins, an empty directory masks its name, layers ordered by version order of
 * the names.
 *
 * @param root a whole host under a directory; `/` for this host.
 */
export async function discoverImages(root: string, extensionClass: ExtensionClass): Promise<Discovery> {
  const effective = new Map<string, DiscoveredImage>();
  const shadowed: DiscoveredImage[] = [];
  for (const searchDirectory of searchDirectories(extensionClass)) {
    for (const image of await readSearchDirectory(root, extensionClass, searchDirectory)) {
      const winner = effective.get(image.name);
      if (winner === undefined) effective.set(image.name, image);
      else shadowed.push({ ...image, hiddenBy: winner.entry });
    }
  }
  const masks = (image: DiscoveredImage): boolean => image.kind === 'empty-directory';
  return {
    effective: [...effective.values()]
      .filter((image) => !masks(image))
      .sort((a, b) => compareVersions(a.name, b.name) || (a.name < b.name ? -1 : 1)),
    shadowed: shadowed.filter((image) => !masks(image)),
  };
}

async function readSearchDirectory(
  root: string,
  extensionClass: ExtensionClass,
  searchDirectory: string,
): Promise<DiscoveredImage[]> {
  const directory = await chaseInRoot(root, searchDirectory);
  if (directory === null) return [];
  const images = await Promise.all(
    (await listDirectory(directory)).sort().map(async (fileName): Promise<DiscoveredImage[]> => {
      const target = await chaseInRoot(root, join(searchDirectory, fileName));
      if (target === null) return [];
      const kind = await kindOf(target);
      const name = extensionName(fileName, extensionClass, kind);
      const entry = join(directory, fileName);
      return name === null
        ? []
        : [{ class: extensionClass, name, kind, searchDirectory, entry, target, hiddenBy: null }];
    }),
  );
  return images.flat();
}

/**
 * The name systemd gives an entry, or null for what it ignores: files that do not end in `.raw`, sockets and the like,
 * and names that image_name_is_valid() refuses.
 */
export function extensionName(
  fileName: string,
  extensionClass: ExtensionClass,
  kind: EntryKind,
): string | null {
  if (kind === 'other') return null;
  const isFile = kind === 'file';
  if (isFile && !fileName.endsWith('.raw')) return null;
  const stem = isFile ? fileName.slice(0, -'.raw'.length) : fileName;
  const suffix = `.${extensionClass}`;
  const name = stem.endsWith(suffix) && stem.length > suffix.length ? stem.slice(0, -suffix.length) : stem;
  // Exactly what string_has_cc() finds, no more: a name that is passed over here and not by systemd is merged unseen.
  const valid = !['', '.', '..'].includes(name) && !name.startsWith('.#') && !/[\x00-\x1f\x7f]/.test(name);
  return valid ? name : null;
}
