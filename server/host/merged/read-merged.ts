import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { hierarchyProblems, type MergedHierarchy, readHierarchy } from './merged-hierarchy.ts';
import type { MergedState, MutableMode } from './merged-state.ts';
import { type Mount, mountsOn } from './mount-table.ts';
import { isMerge, readMounts } from './read-mounts.ts';

/**
 * Every extension has release data in the first. $SYSTEMD_SYSEXT_HIERARCHIES and $SYSTEMD_CONFEXT_HIERARCHIES change them; an
 * overlay at any other place is a problem.
 */
const hierarchies: Readonly<Record<ExtensionClass, readonly string[]>> = {
  sysext: ['/usr', '/opt'],
  confext: ['/etc'],
};

/** How often it is read again because somebody merged meanwhile. */
const attempts = 3;

/**
 * What is merged on this system below `root`, read back from the kernel's table of mounts and from what systemd put into the
 * top layer, whoever merged it. Devices are not looked at: see `observe`.
 *
 * @param mountsNow reads the table of mounts; another one is for tests.
 * @throws CouldNotDecide if it cannot be told; whatever may be merged is not to be trusted then.
 */
export async function readMerged(
  root: string,
  extensionClass: ExtensionClass,
  mountsNow: () => Promise<readonly Mount[]> = () => readMounts('/proc/self/mountinfo'),
): Promise<MergedState> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mounts = await mountsNow();
    const state = await readState(root, extensionClass, mounts);
    // The names of one merge beside the layers of the next would be something that never was.
    if (overlaysOf(await mountsNow(), extensionClass) === overlaysOf(mounts, extensionClass)) return state;
  }
  throw new CouldNotDecide(`what is merged as ${extensionClass} changes while it is read`);
}

function overlaysOf(mounts: readonly Mount[], extensionClass: ExtensionClass): string {
  return JSON.stringify(mounts.filter((mount) => isMerge(mount, extensionClass)));
}

async function readState(
  root: string,
  extensionClass: ExtensionClass,
  mounts: readonly Mount[],
): Promise<MergedState> {
  const found: MergedHierarchy[] = [];
  const problems: string[] = [];
  for (const path of hierarchies[extensionClass]) {
    const place = await chaseInRoot(root, path);
    if (place === null) continue;
    const stack = mountsOn(mounts, place);
    const merges = stack.filter((mount) => isMerge(mount, extensionClass));
    const [mount] = merges.slice(-1);
    if (mount === undefined) continue;
    if (merges.length > 1) problems.push(`${path} is merged ${merges.length} times, one over another`);
    if (stack.at(-1) !== mount) problems.push(`something else is mounted over what is merged into ${path}`);
    found.push(await readHierarchy(root, path, place, extensionClass, mount));
  }
  problems.push(...strayProblems(mounts, extensionClass, found));
  return stateOf(extensionClass, found, problems);
}

/** Overlays of the class at other places; a bind mount of one that is known, or of a part of it, is nothing new. */
function strayProblems(
  mounts: readonly Mount[],
  extensionClass: ExtensionClass,
  found: readonly MergedHierarchy[],
): readonly string[] {
  const known = new Set(found.map(({ mount }) => mount.device));
  return mounts
    .filter((mount) => isMerge(mount, extensionClass) && !known.has(mount.device))
    .filter(({ mountPoint }) => !found.some(({ mount }) => mount.mountPoint === mountPoint))
    .map(
      ({ mountPoint }) =>
        `there is an overlay of ${extensionClass} at ${mountPoint}, where nothing is merged`,
    );
}

function stateOf(
  extensionClass: ExtensionClass,
  found: readonly MergedHierarchy[],
  problems: readonly string[],
): MergedState {
  const [first] = found;
  const start = { class: extensionClass, hierarchies: found.map(({ path }) => path) };
  if (first === undefined) {
    const nothing = { extensions: [], mutable: 'no', since: null, mergeId: '' } as const;
    return { ...start, ...nothing, knownBy: 'nothing-merged', problems };
  }
  const origin = first.marker?.origin ?? null;
  const names = first.marker?.names ?? first.layers.names;
  return {
    ...start,
    extensions: names.map((name) => {
      return origin?.extensions.get(name) ?? { name, rootHash: null, path: null };
    }),
    mutable: modeOf(found),
    since: new Date(Number(first.sinceNs / 1_000_000n)),
    mergeId: found.map(({ mount, sinceNs }) => `${mount.device}@${sinceNs}`).join(' '),
    knownBy: origin === null ? 'names' : 'origin',
    problems: [
      ...problems,
      ...found.flatMap((one) => hierarchyProblems(one, first)),
      ...absenceProblems(extensionClass, first, names, found),
    ],
  };
}

function absenceProblems(
  extensionClass: ExtensionClass,
  first: MergedHierarchy,
  names: readonly string[],
  found: readonly MergedHierarchy[],
): readonly string[] {
  const problems: string[] = [];
  const main = hierarchies[extensionClass][0] ?? '';
  if (first.path !== main) problems.push(`${first.path} is merged and ${main} is not`);
  const layered = new Set(found.flatMap(({ layers }) => layers.names));
  const absent = names.filter((name) => !layered.has(name));
  if (absent.length > 0) problems.push(`${absent.join(', ')} is marked as merged and has no layer`);
  return problems;
}

// What systemd wrote down is believed as far as the layers agree; before 260 the layers are all there is.
function modeOf(found: readonly MergedHierarchy[]): MutableMode {
  const said = found[0]?.marker?.origin?.mutable ?? null;
  const upper = found.find((one) => one.upper !== null)?.upper ?? null;
  const imports = found.some(({ layers }) => layers.others.length > 0);
  if (said !== null && (said !== 'no' || (upper === null && !imports))) return said;
  if (upper === null) return imports ? 'import' : 'no';
  if (said !== null) return 'unknown';
  if (!upper.startsWith('/run/systemd/')) return 'yes';
  return imports ? 'ephemeral-import' : 'ephemeral';
}
