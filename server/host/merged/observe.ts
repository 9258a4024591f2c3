import { type FileIdentity, identityOf } from '../../os/file-identity.ts';
import type { ImageDevices } from './image-devices.ts';
import type { MergeExpectation } from './merged-state.ts';

/**
 * Which loop devices came into being while systemd merged, by their numbers: `latestSequence` before it was started, and
 * when it had ended. Whoever keeps it keeps `MergedState.mergeId` with it: it says nothing of another merge.
 */
export interface MergeWindow {
  readonly after: bigint;
  readonly until: bigint;
}

/** What the system has at one moment after a merge. */
export interface Observed {
  readonly devices: ImageDevices;
  /** Null where nobody watched the merge: then what came with it is not known. */
  readonly window: MergeWindow | null;
  /** What is at the paths that were approved; null for nothing. */
  readonly files: ReadonlyMap<string, FileIdentity | null>;
}

/**
 * Looks at the files that were approved.
 *
 * @param devices read after the merge.
 * @throws CouldNotDecide
 */
export async function observe(
  approved: readonly MergeExpectation[],
  devices: ImageDevices,
  window: MergeWindow | null,
): Promise<Observed> {
  const files = new Map<string, FileIdentity | null>();
  for (const { path } of approved) files.set(path, await identityOf(path));
  return { devices, window, files };
}
