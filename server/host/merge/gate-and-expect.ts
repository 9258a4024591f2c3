import { gate, type GateReport } from '../gate.ts';
import type { GateInput } from '../gate-input.ts';
import { digestOf } from '../measure-set.ts';
import { expectMerge } from './merge-record.ts';

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
