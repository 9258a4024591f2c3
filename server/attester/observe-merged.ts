import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import {
  type ClaimedMerge,
  type ClaimedMerges,
  claimedMergeSchema,
  maximumProblems,
} from '../../verifier/evidence/claims.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { type MergeRecord, readRecords } from '../host/merge/merge-record.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { type Mount, mountsOn } from '../host/merged/mount-table.ts';
import { readMerged } from '../host/merged/read-merged.ts';
import { readMounts } from '../host/merged/read-mounts.ts';
import { chaseInRoot } from '../os/chase.ts';
import { within } from '../os/within.ts';

/** What is read is in memory; only a file system that hangs takes longer. */
const readWithinMs = 5_000;

/**
 * What is merged on this system at this moment, whoever merged it, as evidence tells it.
 *
 * @param root `/`, or a host below a directory.
 * @param mountsNow reads the table of mounts; another one is for tests.
 * @returns null where it is not this process's to see: below a directory is a host that need not run, or runs with mounts of its
 *   own; and a process whose mounts are private sees no merge that came after it.
 * @throws CouldNotDecide if it cannot be told: it must not be claimed that nothing is merged.
 */
export async function observeMerged(
  root: string,
  mountsNow: () => Promise<readonly Mount[]> = () => readMounts('/proc/self/mountinfo'),
): Promise<ClaimedMerges | null> {
  if ((await chaseInRoot(root, '/')) !== '/') return null;
  const isSeen = mountsOn(await mountsNow(), '/').at(-1)?.isShared ?? false;
  if (!isSeen) return null;
  const read = async (one: ExtensionClass): Promise<ClaimedMerge> => {
    const merged = await readMerged('/', one, mountsNow);
    return toClaimedMerge(merged, await readRecords('/', one));
  };
  const both = Promise.all([read('sysext'), read('confext')]);
  const [sysext, confext] = await within(readWithinMs, 'what is merged cannot be read: it hangs', both);
  return { sysext, confext };
}

/**
 * @param records of what was approved and found merged: a later merge has another id, whatever its names are.
 * @throws CouldNotDecide if it is more than evidence has room for, or nothing that systemd writes.
 */
export function toClaimedMerge(
  { class: one, mutable, extensions, mergeId, problems }: MergedState,
  records: readonly Pick<MergeRecord, 'merge'>[],
): ClaimedMerge {
  const claim = claimedMergeSchema.safeParse({
    mutable,
    extensions: extensions.map(({ name, rootHash }) => ({ name, rootHash })),
    confirmed: records.some(({ merge }) => merge !== null && merge.mergeId === mergeId),
    // One is enough to be refused by.
    problems: problems.slice(0, maximumProblems.count).map(shorten),
  });
  if (!claim.success) throw new CouldNotDecide(`evidence has no room for what is merged as ${one}`);
  return claim.data;
}

/** By characters: half of one would have no canonical form. */
function shorten(text: string): string {
  if (text.length <= maximumProblems.length) return text;
  return `${Array.from(text.slice(0, maximumProblems.length - 1))
    .slice(0, -1)
    .join('')}…`;
}
