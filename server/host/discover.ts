import { compareVersions } from '../../verifier/image/version-order.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { nativeArchitecture } from '../os/native-architecture.ts';
import { searchDirectories } from '../os/host-paths.ts';
import { type FoundImage, readSearchDirectory } from './search-directory.ts';

/** One entry of a search directory that systemd would take for an extension. */
export interface DiscoveredImage extends FoundImage {
  /** The entry of the same name that hides this one; null if this one is in effect. */
  readonly hiddenBy: string | null;
}

/** What would be merged for one class, and what stands behind it. */
export interface Discovery {
  /** In layer order, lowest first. */
  readonly effective: readonly DiscoveredImage[];
  /** Hidden by an entry of the same name: in a directory of higher priority, unless there is a conflict. */
  readonly shadowed: readonly DiscoveredImage[];
}

/**
 * Finds extension images as systemd does (image_discover() in discover-image.c; systemd-sysext(8)): search directories
 * in order of priority, the first of a name wins, an empty directory masks its name, versioned directories stand for the
 * newest file in them, layers ordered by version order of the names. Where versions of systemd differ (252, 257 and one
 * after 260 were read), nothing that one of them merges is left out.
 *
 * systemd before 260 follows no symbolic links in a search directory with `--root=`; here they always are, as on a running
 * host.
 *
 * @param root a whole host under a directory; `/` for this host.
 * @param architecture whose files systemd prefers in versioned directories; asked only if there are any.
 * @throws CouldNotDecide if a directory cannot be read.
 */
export async function discoverImages(
  root: string,
  extensionClass: ExtensionClass,
  architecture: () => string = nativeArchitecture,
): Promise<Discovery> {
  const directories: (readonly FoundImage[])[] = [];
  for (const searchDirectory of searchDirectories(extensionClass))
    directories.push(
      await readSearchDirectory({ root, class: extensionClass, searchDirectory, architecture }),
    );
  return select(directories);
}

function select(directories: readonly (readonly FoundImage[])[]): Discovery {
  const winners = new Map<string, FoundImage>();
  const shadowed: DiscoveredImage[] = [];
  for (const [index, images] of directories.entries()) {
    const before = directories.slice(0, index).flat();
    for (const [place, image] of images.entries()) {
      const winner = winners.get(image.name);
      if (winner === undefined) winners.set(image.name, image);
      else shadowed.push(hide(image, winner, before, images.slice(0, place)));
    }
  }
  const effective = [...winners.values()].map((image) => ({ ...image, hiddenBy: null }));
  return {
    effective: effective
      .filter((image) => !masks(image))
      .sort((a, b) => compareVersions(a.name, b.name) || (a.name < b.name ? -1 : 1)),
    shadowed: shadowed.filter((image) => !masks(image)),
  };
}

/**
 * One image hides another for sure only from a directory of higher priority, and only if every version of systemd gives
 * both the same name: before 256 `foo.raw` and `foo.sysext.raw` are two extensions, and `foo.raw.v` is none.
 *
 * Any other of the same name is a conflict, even if a third hides both: that one can be refused and go.
 */
function hide(
  image: FoundImage,
  winner: FoundImage,
  before: readonly FoundImage[],
  beside: readonly FoundImage[],
): DiscoveredImage {
  const rival =
    before.find((other) => other.name === image.name && !coversNames(other, image)) ??
    beside.find((other) => other.name === image.name);
  const conflict =
    rival === undefined
      ? null
      : `${rival.movable.path} and ${image.movable.path} are both named ${image.name}, and which one is merged depends on systemd's version or on the order in which a directory is listed; keep one of them.`;
  return { ...image, hiddenBy: winner.entry, conflict: image.conflict ?? conflict };
}

/** Whether wherever systemd sees the image it sees the other one, by the same name. */
function coversNames({ nameBy: other }: FoundImage, { nameBy: own }: FoundImage): boolean {
  return (['former', 'current', 'newest'] as const).every(
    (generation) => own[generation] === null || own[generation] === other[generation],
  );
}

/** An empty directory has no extension-release file, so systemd merges neither it nor what it hides. */
function masks({ kind }: FoundImage): boolean {
  return kind === 'empty-directory';
}
