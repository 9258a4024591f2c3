import { confirmMerged } from '../merged/confirm-merged.ts';
import { type FileIdentity, identityOf, isSameFile } from '../../os/file-identity.ts';
import type { ImageDevices } from '../merged/image-devices.ts';
import type { MergedState, MergeExpectation, Violation } from '../merged/merged-state.ts';
import type { Observed } from '../merged/observe.ts';
import type { MergeRecord } from './merge-record.ts';

/** Which of the sets that were approved before is merged. */
export interface Explanation<R> {
  /** Null if it is none of them. */
  readonly record: R | null;
  /** How what is merged differs from the set that comes nearest; none if it is explained. */
  readonly violations: readonly Violation[];
}

/**
 * Finds out why something is merged: it is exactly what was approved at some time, whoever merged it. That its image was
 * replaced or removed since is no difference, as that is how images are renewed: what is mounted is what was approved then.
 *
 * @param records at least one, what is most likely first.
 * @throws CouldNotDecide
 */
export async function explainMerged<R extends Pick<MergeRecord, 'expected' | 'merge'>>(
  records: readonly R[],
  merged: MergedState,
  devices: ImageDevices,
): Promise<Explanation<R>> {
  let nearest: readonly Violation[] | null = null;
  for (const record of records) {
    const found = confirmMerged(record.expected, merged, await asApproved(record, merged, devices));
    if (found.length === 0) return { record, violations: [] };
    if (nearest === null || found.length < nearest.length) nearest = found;
  }
  return {
    record: null,
    violations: nearest ?? confirmMerged([], merged, { devices, window: null, files: new Map() }),
  };
}

async function asApproved(
  { expected, merge }: Pick<MergeRecord, 'expected' | 'merge'>,
  merged: MergedState,
  devices: ImageDevices,
): Promise<Observed> {
  const files = new Map<string, FileIdentity>();
  for (const one of expected) files.set(one.path, await sameFileNow(one));
  return { devices, window: merge?.mergeId === merged.mergeId ? merge.window : null, files };
}

/** What became of the file that was approved, where it can still be seen: one that is written to is another. */
async function sameFileNow({ path, file }: MergeExpectation): Promise<FileIdentity> {
  const now = await identityOf(path);
  return now !== null && isSameFile(now, file) ? now : file;
}
