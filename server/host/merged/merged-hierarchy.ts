import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { identityOf } from '../../os/file-identity.ts';
import { type MergeMarker, readMarker } from './merge-marker.ts';
import type { Mount } from './mount-table.ts';
import { type HierarchyLayers, overlayLayers, tellLayers } from './overlay-layers.ts';

/** One hierarchy that carries an overlay of systemd-sysext or systemd-confext. */
export interface MergedHierarchy {
  /** Below the root, for example `/usr`. */
  readonly path: string;
  readonly mount: Mount;
  /** Null if there is none, or one of another mount. */
  readonly marker: MergeMarker | null;
  readonly layers: HierarchyLayers;
  /** Where writes go; null: nowhere. */
  readonly upper: string | null;
  /** Nanoseconds since 1970: systemd touches its top layer when all is mounted. */
  readonly sinceNs: bigint;
}

/**
 * Reads what is behind an overlay.
 *
 * @param place where it is mounted, as a path of this system.
 * @throws CouldNotDecide
 */
export async function readHierarchy(
  root: string,
  path: string,
  place: string,
  extensionClass: ExtensionClass,
  mount: Mount,
): Promise<MergedHierarchy> {
  const { lower, upper } = overlayLayers(mount.options);
  const seen = await identityOf(place);
  if (seen === null) throw new CouldNotDecide(`${place} went away while it was looked at`);
  const marker = await readMarker(root, path, extensionClass);
  // As systemd has it: a mark with the number of another file system came with somebody's copy of a merged tree.
  const isMarked = marker?.device === mount.device && seen.device === mount.device;
  return {
    ...{ path, mount, upper, sinceNs: seen.modifiedNs },
    marker: isMarked ? marker : null,
    layers: tellLayers(lower, extensionClass, place),
  };
}

/**
 * What in one hierarchy does not add up: by itself, and beside another of the same merge, to which systemd gave the same
 * marks.
 */
export function hierarchyProblems(one: MergedHierarchy, first: MergedHierarchy): readonly string[] {
  const { path, marker, layers, upper } = one;
  const problems: string[] = [];
  if (marker === null) problems.push(`${path} carries an overlay that systemd did not mark as its own`);
  if (upper !== null) problems.push(`${path} can be written to, what is written goes to ${upper}`);
  if (layers.others.length > 0)
    problems.push(`${path} has layers that are of no extension: ${layers.others.join(', ')}`);
  if (marker === null) return problems;
  return [...problems, ...markProblems(one, marker, first.marker)];
}

function markProblems(
  { path, layers }: MergedHierarchy,
  { names, origin }: MergeMarker,
  first: MergeMarker | null,
): readonly string[] {
  const problems: string[] = [];
  if (first !== null && (!sameList(names, first.names) || origin?.text !== first.origin?.text))
    problems.push(`what is marked as merged into ${path} is not what is marked elsewhere`);
  if (origin !== null && !sameList([...origin.extensions.keys()].sort(), [...names].sort()))
    problems.push(`the two lists of what is merged into ${path} differ`);
  // An extension without this hierarchy has no layer in it; those that have one keep their order.
  const expected = names.filter((name) => layers.names.includes(name));
  if (!sameList(layers.names, expected))
    problems.push(
      `the layers of ${path} are ${layers.names.join(', ') || 'none'}, not those it is marked with`,
    );
  return problems;
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}
