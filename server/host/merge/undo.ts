import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { within } from '../../os/within.ts';
import type { Violation } from '../merged/merged-state.ts';
import { explainMerged } from './explain-merged.ts';
import { measureUnmerged, measureViolations } from './measure-outcome.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { forgetMerges, type MergeRecord } from './merge-record.ts';
import { isNothing, unmergeAll } from './unmerge.ts';

/**
 * First nothing of it is merged any more, then it is measured: a TPM that fails must not keep it merged.
 *
 * @throws CouldNotDecide if it stays merged; what was found is measured all the same.
 */
export async function undo(
  input: MergeInput,
  found: Pick<MergeOutcome, 'gate' | 'violations' | 'failure'>,
): Promise<MergeOutcome> {
  const merged = await unmergeAll(input).catch(async (error: unknown) => {
    // The log may end with a merge that was confirmed before, and would go on to say so.
    await measureViolations(input, found.violations);
    throw error;
  });
  await forgetMerges(input.root, input.class);
  const events = [...(await measureViolations(input, found.violations)), ...(await measureUnmerged(input))];
  return { ...found, outcome: 'violation', merged, events };
}

/** What a look at what is merged came to. */
export type Look<T> = { readonly seen: T } | { readonly undone: MergeOutcome };

/** A look at mounts, devices and the files behind them; on a file system that hangs it would never end. */
const lookMs = 60_000;

/**
 * Looks at what is merged, and undoes it if that cannot be done, or not in a minute. Who writes in the directories of the images can make a look
 * fail, and must not have what he swapped in stay merged by that, nor unmeasured.
 *
 * @throws CouldNotDecide as `undo`; what `look` throws, in audit mode.
 */
export async function lookOrUndo<T>(
  input: MergeInput,
  { gate, failure }: Pick<MergeOutcome, 'gate' | 'failure'>,
  look: () => Promise<T>,
): Promise<Look<T>> {
  try {
    return { seen: await within(lookMs, `nothing was seen within ${lookMs / 1000} s`, look()) };
  } catch (error) {
    if (!(error instanceof CouldNotDecide) || input.policy.mode === 'audit') throw error;
    const message = `What is merged of ${input.class} cannot be looked at, so it must not stay: ${error.message}.`;
    const violations: Violation[] = [{ code: 'set-mismatch', name: '', rootHash: '', message }];
    return { undone: await undo(input, { gate, violations, failure }) };
  }
}

/**
 * Undoes what is merged if none of the sets that were approved before explains it: for when the gate itself cannot decide.
 *
 * @returns null if nothing was undone.
 * @throws CouldNotDecide as `lookOrUndo`.
 */
export async function undoUnexplained(
  input: MergeInput,
  records: readonly MergeRecord[],
): Promise<MergeOutcome | null> {
  if (input.policy.mode === 'audit') return null;
  const nothing = { gate: null, failure: null };
  const look = await lookOrUndo(input, nothing, async () => {
    const merged = await input.access.readMerged(input.class);
    if (isNothing(merged)) return [];
    return (await explainMerged(records, merged, await input.access.readDevices())).violations;
  });
  if ('undone' in look) return look.undone;
  return look.seen.length === 0 ? null : undo(input, { ...nothing, violations: look.seen });
}
