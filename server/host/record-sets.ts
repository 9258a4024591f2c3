import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import type { ImageVerdict } from '../../verifier/image-verdict.ts';
import type { GateInput } from './gate-input.ts';
import { alreadyMeasured, type ApprovedSet, eventsOf, violationLines } from './measure-set.ts';
import { readMeasuredEvents } from './measured-events.ts';
import { keepSignature } from './signature-store.ts';
import { recordEvents } from './systemd/measure-log.ts';

/**
 * Measures approved sets: keeps their signatures, then extends the PCR and appends to the log. If log and PCR agree and
 * already end with these very sets, nothing is added.
 *
 * @param refused what is merged all the same, in audit mode: a violation each.
 *
 * @returns the events that were recorded.
 * @throws CouldNotDecide
 */
export async function recordSets(
  { root, device, policy }: Pick<GateInput, 'root' | 'device' | 'policy'>,
  sets: readonly ApprovedSet[],
  refused: readonly ImageVerdict[],
): Promise<readonly string[]> {
  for (const approval of sets.flatMap(({ approvals }) => approvals))
    if (approval.cms !== null) await keepSignature(root, approval, approval.cms);
  if (device === null) return [];
  const before = await readMeasuredEvents(root, device, policy.measurePcr);
  const verdict = before === null ? null : readExtensionHistory(before);
  const violations = violationLines(refused);
  if (verdict?.read === true && alreadyMeasured(verdict.history, policy, sets, violations)) return [];
  const events = [...eventsOf(policy, sets), ...violations];
  await recordEvents(device, root, policy.measurePcr, events);
  return events;
}
