import { gate, type GateReport } from '../gate.ts';
import type { GateInput } from '../gate-input.ts';
import { digestOf } from '../measure-set.ts';
import type { MergeInput } from './merge-input.ts';
import { expectMerge, type MergeRecord } from './merge-record.ts';
import { undoUnexplained } from './undo.ts';

/**
 * The gate, which also remembers what may be merged now, whoever merges it: a unit of systemd after the gate alone, or a run of
 * ours that is killed.
 *
 * @throws CouldNotDecide as `gate`.
 */
export async function gateAndExpect(input: GateInput): Promise<GateReport> {
  const report = await gate(input);
  for (const set of report.sets)
    await expectMerge(input.root, set.class, { sha256: digestOf(set), expected: set.expected });
  return report;
}

/**
 * `gateAndExpect` for a class of which something may be merged already. If the gate cannot decide, what was approved before stays
 * merged, and nothing else: an image that was swapped in must not stay because of another that cannot be read.
 *
 * @param records as they were before.
 * @throws CouldNotDecide as `gate`, and as `undo`.
 */
export async function gateMerged(input: MergeInput, records: readonly MergeRecord[]): Promise<GateReport> {
  try {
    return await gateAndExpect({ ...input, classes: [input.class] });
  } catch (error) {
    await undoUnexplained(input, records);
    throw error;
  }
}
