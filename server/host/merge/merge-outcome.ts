import type { GateReport } from '../gate.ts';
import type { MergedState, Violation } from '../merged/merged-state.ts';

/** What became of one class. */
export interface MergeOutcome {
  /**
   * `merged`: exactly what was approved is merged. `earlier`: what is merged was approved before what is approved now.
   * `nothing`: nothing is. `shut`: the gate is, and what was merged before was left as it was. `violation`: something else was
   * found, and was unmerged. `audited`: something else was found, and audit mode leaves it. `failed`: systemd could not merge,
   * and what was merged before was left, or nothing is.
   */
  readonly outcome: 'merged' | 'earlier' | 'nothing' | 'shut' | 'violation' | 'audited' | 'failed';
  /** Null where no gate was asked. */
  readonly gate: GateReport | null;
  /** As it is now. */
  readonly merged: MergedState;
  /** Also of what was merged before, behind our back, and is there no more. */
  readonly violations: readonly Violation[];
  /** What systemd's tool said when it failed; null if it did not. */
  readonly failure: string | null;
  /** What was measured about the merge, besides what the gate measured before it. */
  readonly events: readonly string[];
}
