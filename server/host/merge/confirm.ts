import type { GateReport } from '../gate.ts';
import type { MergedState } from '../merged/merged-state.ts';
import { finishInterrupted } from '../systemd/append-log.ts';
import { explainMerged } from './explain-merged.ts';
import { gateMerged } from './gate-and-expect.ts';
import { measureGone } from './measure-outcome.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { findWindow, type MergeRecord, readRecords } from './merge-record.ts';
import { findViolations, settle } from './settle.ts';
import { lookOrUndo } from './undo.ts';
import { isNothing } from './unmerge.ts';

/**
 * Looks at what is merged of one class, whoever merged it, and holds it against what is approved now, and what was approved
 * since the last merge. Merges nothing. The caller holds the host's lock.
 *
 * @throws CouldNotDecide as `refreshClass`. What was never approved is not merged any more then, nor what cannot be looked at.
 */
export async function confirmClass(input: MergeInput): Promise<MergeOutcome> {
  const nothing = { gate: null, failure: null };
  const look = await lookOrUndo(input, nothing, () => input.access.readMerged(input.class));
  if ('undone' in look) return look.undone;
  const merged = look.seen;
  if (input.device !== null) await finishInterrupted(input.device, input.root);
  if (isNothing(merged)) {
    const events = await measureGone(input);
    return { ...{ outcome: 'nothing', gate: null, violations: [], failure: null }, merged, events };
  }
  const records = await readRecords(input.root, input.class);
  const report = await gateMerged(input, records);
  const found = { merged, window: findWindow(records, merged), failure: null };
  const known = { gate: report, merged, violations: [], failure: null, events: [] };
  // A gate after which nobody merged, or that is shut, takes back nothing that was approved before.
  const isEarlier = async (): Promise<boolean> =>
    report.mode !== 'audit' &&
    (await findViolations(input, report, found)).length > 0 &&
    (await wasApproved(input, merged, records, report));
  const earlier = await lookOrUndo(input, known, isEarlier);
  if ('undone' in earlier) return earlier.undone;
  return earlier.seen
    ? { ...known, outcome: report.open ? 'earlier' : 'shut' }
    : settle(input, report, found);
}

async function wasApproved(
  { access }: MergeInput,
  merged: MergedState,
  records: readonly MergeRecord[],
  report: GateReport,
): Promise<boolean> {
  const { record } = await explainMerged(records, merged, await access.readDevices());
  return record !== null && hasSameTrees(record, report.images);
}

/** Files deep in a merged directory can be changed, and nothing but its digest tells: it must be the one that was approved. */
export function hasSameTrees(
  { expected }: Pick<MergeRecord, 'expected'>,
  images: GateReport['images'],
): boolean {
  return expected
    .filter(({ approval }) => approval.hashAlgorithm.startsWith('tree-'))
    .every(({ path, approval }) =>
      images.some(
        ({ discovered, verdict }) =>
          discovered.target === path && verdict.approval?.rootHash === approval.rootHash,
      ),
    );
}
