import type { GateReport } from '../gate.ts';
import { digestOf } from '../measure-set.ts';
import { confirmMerged } from '../merged/confirm-merged.ts';
import type { MergedState, Violation } from '../merged/merged-state.ts';
import { type MergeWindow, observe } from '../merged/observe.ts';
import { measureMerged, measureViolations } from './measure-outcome.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { keepMerge } from './merge-record.ts';
import { lookOrUndo, undo } from './undo.ts';

/** What was found merged after a gate. */
export interface Found {
  readonly merged: MergedState;
  /** Null if nobody of us watched the merge. */
  readonly window: MergeWindow | null;
  /** What systemd's tool said when it failed. */
  readonly failure: string | null;
}

/** How what is merged differs from what the gate has just approved, and which was not let through by audit mode. @throws CouldNotDecide */
export async function findViolations(
  input: MergeInput,
  report: GateReport,
  { merged, window }: Pick<Found, 'merged' | 'window'>,
): Promise<readonly Violation[]> {
  const expected = report.sets.flatMap((set) => set.expected);
  const observed = await observe(expected, await input.access.readDevices(), window);
  return confirmMerged(expected, merged, observed).filter((violation) => !isAudited(violation, report));
}

/**
 * Says in the log what is merged: that it is what was approved; or unmerges it, and says that it was not.
 *
 * @throws CouldNotDecide
 */
export async function settle(input: MergeInput, report: GateReport, found: Found): Promise<MergeOutcome> {
  const { merged, window, failure } = found;
  const look = await lookOrUndo(input, { gate: report, failure }, () => findViolations(input, report, found));
  if ('undone' in look) return look.undone;
  const violations = look.seen;
  const known = { gate: report, merged, violations, failure };
  if (violations.length > 0 && report.mode !== 'audit') return undo(input, known);
  for (const set of report.sets)
    await keepMerge(input.root, merged, { sha256: digestOf(set), expected: set.expected }, window);
  if (violations.length > 0)
    return { ...known, outcome: 'audited', events: await measureViolations(input, violations) };
  const approved = report.sets.flatMap((set) => set.expected);
  if (merged.extensions.length > approved.length) return { ...known, outcome: 'audited', events: [] };
  return { ...known, outcome: 'merged', events: await measureMerged(input) };
}

/** What audit mode lets through was measured by the gate already. */
export function isAudited(
  { code, name }: Pick<Violation, 'code' | 'name'>,
  { mode, images }: Pick<GateReport, 'mode'> & { readonly images: readonly { readonly verdict: Named }[] },
): boolean {
  return (
    mode === 'audit' &&
    code === 'unapproved' &&
    images.some(({ verdict }) => verdict.name === name && verdict.approval === null)
  );
}

/** Of a verdict, whom it is of, and whether it approves. */
interface Named {
  readonly name: string;
  readonly approval: object | null;
}
