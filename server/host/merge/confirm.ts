import type { GateReport } from '../gate.ts';
import type { MergedState } from '../merged/merged-state.ts';
import { finishInterrupted } from '../systemd/append-log.ts';
import { explainMerged } from './explain-merged.ts';
import { gateAndExpect } from './gate-and-expect.ts';
import { measureGone } from './measure-outcome.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { findWindow, type MergeRecord, readRecords } from './merge-record.ts';
import { findViolations, settle } from './settle.ts';
import { isNothing } from './unmerge.ts';

/**
 * Looks at what is merged of one class, whoever merged it, and holds it against what is approved now, and what was approved
 * since the last merge. Merges nothing. The caller holds the host's lock.
 *
 * @throws CouldNotDecide as `refreshClass`.
 */
export async function confirmClass(input: MergeInput): Promise<MergeOutcome> {
  if (input.device !== null) await finishInterrupted(input.device, input.root);
  const merged = await input.access.readMerged(input.class);
  if (isNothing(merged)) {
    const events = await measureGone(input);
    return { ...{ outcome: 'nothing', gate: null, violations: [], failure: null }, merged, events };
  }
  const records = await readRecords(input.root, input.class);
  const report = await gateAndExpect({ ...input, classes: [input.class] });
  const found = { merged, window: findWindow(records, merged), failure: null };
  if (report.mode !== 'audit' && (await findViolations(input, report, found)).length > 0) {
    // A gate after which nobody merged, or that is shut, takes back nothing that was approved before.
    if (await wasApproved(input, merged, records, report))
      return {
        ...{ outcome: report.open ? 'earlier' : 'shut', gate: report, merged, violations: [], failure: null },
        events: [],
      };
  }
  return settle(input, report, found);
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
