import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import type { MergedState } from '../merged/merged-state.ts';
import { finishInterrupted } from '../systemd/append-log.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { measureUnmerged } from './measure-outcome.ts';
import { forgetMerges } from './merge-record.ts';

/** Unmerges one class, and measures that. The caller holds the host's lock. @throws CouldNotDecide if anything stays merged. */
export async function unmergeClass(input: MergeInput): Promise<MergeOutcome> {
  const merged = await unmergeAll(input);
  await forgetMerges(input.root, input.class);
  if (input.device !== null) await finishInterrupted(input.device, input.root);
  const events = await measureUnmerged(input);
  return { outcome: 'nothing', gate: null, merged, violations: [], failure: null, events };
}

/**
 * Unmerges one class, whoever merged it, and measures nothing; also what cannot be read back before.
 *
 * @throws CouldNotDecide if something stays merged, or that cannot be told.
 */
export async function unmergeAll({
  access,
  class: extensionClass,
}: Pick<MergeInput, 'access' | 'class'>): Promise<MergedState> {
  const before = await access.readMerged(extensionClass).catch((error: unknown) => {
    if (error instanceof CouldNotDecide) return null;
    throw error;
  });
  if (before !== null && isNothing(before)) return before;
  const failure = await failureOf(access.tool(extensionClass).unmerge());
  const merged = await access.readMerged(extensionClass);
  if (isNothing(merged)) return merged;
  const places = merged.hierarchies.join(' and ');
  throw new CouldNotDecide(
    `${extensionClass} is still merged into ${places || 'some place'}: ${failure ?? merged.problems.join('; ')}`,
  );
}

/** Whether nothing is merged, for sure. */
export function isNothing({ knownBy, problems }: MergedState): boolean {
  return knownBy === 'nothing-merged' && problems.length === 0;
}

/** What went wrong; null if nothing did. What is merged is read back whatever it says. */
export async function failureOf(done: Promise<void>): Promise<string | null> {
  try {
    await done;
    return null;
  } catch (error) {
    if (error instanceof CouldNotDecide) return error.message;
    throw error;
  }
}
