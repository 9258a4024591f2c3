import { encodeExtensionEvent } from '../../../verifier/measurement/extension-event.ts';
import { type MeasuredSet, readExtensionHistory } from '../../../verifier/measurement/extension-history.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { readMeasuredEvents } from '../measured-events.ts';
import type { Violation } from '../merged/merged-state.ts';
import { recordEvents } from '../systemd/measure-log.ts';
import type { MergeInput } from './merge-input.ts';

type Measuring = Pick<MergeInput, 'root' | 'device' | 'policy' | 'class'>;

/** Measures that the set approved last is what is merged; nothing if the log says so already. @returns what was measured. */
export async function measureMerged(input: Measuring): Promise<readonly string[]> {
  if (input.device === null) return [];
  const set = await lastSet(input);
  if (set?.state === 'merged') return [];
  if (set?.state !== 'approved')
    throw new CouldNotDecide(
      `what is merged of ${input.class} is what was approved, but it cannot be measured: the log does not end with an approved set, or says of itself that it is incomplete. Reboot the host`,
    );
  return record(input, [encodeExtensionEvent({ type: 'merged', class: input.class, sha256: set.sha256 })]);
}

/** Measures that nothing of the class is merged any more; nothing if none of it was measured since boot, or it says so already. */
export async function measureUnmerged(input: Measuring): Promise<readonly string[]> {
  const set = await lastSet(input);
  if (set === null || set.state === 'unmerged') return [];
  return record(input, [encodeExtensionEvent({ type: 'unmerged', class: input.class })]);
}

/** Measures that nothing is merged where the log says that something is: somebody unmerged it, or was killed before he could say so. */
export async function measureGone(input: Measuring): Promise<readonly string[]> {
  const set = await lastSet(input);
  const isSaid = set?.state === 'merged' && set.extensions.length > 0;
  return isSaid ? measureUnmerged(input) : [];
}

/** Measures what was found merged that must not be. */
export function measureViolations(
  input: Measuring,
  violations: readonly Violation[],
): Promise<readonly string[]> {
  return record(
    input,
    violations.map(({ code, name, rootHash }) =>
      encodeExtensionEvent({ type: 'violation', class: input.class, code, name, rootHash }),
    ),
  );
}

async function record(
  { root, device, policy }: Measuring,
  lines: readonly string[],
): Promise<readonly string[]> {
  if (device === null) return [];
  await recordEvents(device, root, policy.measurePcr, lines);
  return lines;
}

/** What the log last says of the class; null if nothing, or if it cannot be believed. */
export async function lastSet({
  root,
  device,
  policy,
  class: extensionClass,
}: Measuring): Promise<MeasuredSet | null> {
  if (device === null) return null;
  const events = await readMeasuredEvents(root, device, policy.measurePcr);
  const verdict = events === null ? null : readExtensionHistory(events);
  return verdict?.read === true ? (verdict.history.sets.get(extensionClass) ?? null) : null;
}
