import { admittedForms, imagePolicy } from '../../../verifier/authoring/image-policy.ts';
import type { GatedSet, GateReport } from '../gate.ts';
import { digestOf } from '../measure-set.ts';
import { confirmMerged } from '../merged/confirm-merged.ts';
import { latestSequence } from '../merged/image-devices.ts';
import type { MergedState, Violation } from '../merged/merged-state.ts';
import { observe } from '../merged/observe.ts';
import { explainMerged } from './explain-merged.ts';
import { gateAndExpect, gateMerged } from './gate-and-expect.ts';
import { measureGone, measureViolations } from './measure-outcome.ts';
import type { MergeInput } from './merge-input.ts';
import type { MergeOutcome } from './merge-outcome.ts';
import { findWindow, type MergeRecord, readRecords } from './merge-record.ts';
import { type Found, isAudited, settle } from './settle.ts';
import { lookOrUndo, undo } from './undo.ts';
import { failureOf, isNothing } from './unmerge.ts';

/**
 * Brings what is merged of one class to what is approved: the gate, then systemd's own tool under an image policy as strict as
 * the policy allows, then a look at what is really mounted. Whatever is not exactly what was approved is unmerged, and measured
 * as a violation.
 *
 *     gate: verify, quarantine, measure the set          killed here: the set is approved; nothing was merged
 *     what somebody else merged: unmerge, measure        killed here: it is gone, and the next run does not know of it
 *     systemd-sysext refresh                             killed here: merged, and not confirmed
 *     read back, compare                                 the same
 *     measure that it is merged                          the same, or confirmed
 *
 * After a kill the next run does all of it again. The caller holds the host's lock.
 *
 * @throws CouldNotDecide on I/O or TPM failures. What is merged then was approved, and no log says that it was confirmed; what
 *   cannot be looked at was unmerged.
 */
export async function refreshClass(input: MergeInput): Promise<MergeOutcome> {
  const earlier = await readRecords(input.root, input.class);
  const report = await gateMerged(input, earlier);
  const known = { gate: report, failure: null };
  const look = await lookOrUndo(input, known, () => findStrangers(input, report, earlier));
  if ('undone' in look) return look.undone;
  const strangers = look.seen;
  if (strangers.length === 0) return mergeApproved(input, report);
  if (report.mode === 'audit') {
    const measured = await measureViolations(input, strangers);
    return andBefore(strangers, measured, await mergeApproved(input, report));
  }
  const cleared = await undo(input, { ...known, violations: strangers });
  if (!report.open) return cleared;
  // The log says now that nothing is merged: what is to be merged is measured anew.
  const again = await gateAndExpect({ ...input, classes: [input.class] });
  return andBefore(strangers, cleared.events, await mergeApproved(input, again));
}

function andBefore(
  violations: readonly Violation[],
  events: readonly string[],
  outcome: MergeOutcome,
): MergeOutcome {
  return {
    ...outcome,
    violations: [...violations, ...outcome.violations],
    events: [...events, ...outcome.events],
  };
}

/** What is merged and was approved at no time: root merged it, or the program that did was another. */
async function findStrangers(
  input: MergeInput,
  report: GateReport,
  earlier: readonly MergeRecord[],
): Promise<readonly Violation[]> {
  const merged = await input.access.readMerged(input.class);
  if (isNothing(merged)) return [];
  const now = report.sets.map((set) => ({ ...set, merge: null }));
  const { violations } = await explainMerged([...earlier, ...now], merged, await input.access.readDevices());
  return violations.filter((violation) => !isAudited(violation, report));
}

async function mergeApproved(input: MergeInput, report: GateReport): Promise<MergeOutcome> {
  const before = await input.access.readMerged(input.class);
  const [set] = report.sets;
  if (!report.open || set === undefined)
    return { outcome: 'shut', gate: report, merged: before, violations: [], failure: null, events: [] };
  const settled = report.mode === 'audit' ? null : await findUnchanged(input, set, before);
  if (settled !== null) return settle(input, report, settled);
  const after = latestSequence(await input.access.readDevices());
  const failure = await failureOf(input.access.tool(input.class).refresh(imagePolicyOf(input)));
  const look = await lookOrUndo(input, { gate: report, failure }, () => lookAfter(input, after, before));
  if ('undone' in look) return look.undone;
  const { merged, window, isOld } = look.seen;
  if (failure === null || !(isOld || isNothing(merged)))
    return settle(input, report, { merged, window, failure });
  // systemd fails before it changes anything, or leaves nothing: neither is what nobody approved.
  const events = isNothing(merged) ? await measureGone(input) : [];
  return { outcome: 'failed', gate: report, merged, violations: [], failure, events };
}

async function lookAfter(input: MergeInput, after: bigint, before: MergedState) {
  const devices = await input.access.readDevices();
  const merged = await input.access.readMerged(input.class);
  // systemd 260 and newer leave what is merged as it is where nothing has changed, and so its devices.
  const isOld = merged.mergeId === before.mergeId;
  const window = isOld
    ? findWindow(await readRecords(input.root, input.class), merged)
    : { after, until: latestSequence(devices) };
  return { merged, window, isOld };
}

/**
 * Where what is approved is what is merged already, systemd is not asked: before 260 it would merge all of it anew, and for a
 * moment nothing would be there; before 254 it has no tool for confexts.
 *
 * @returns null if it must be asked.
 */
async function findUnchanged(input: MergeInput, set: GatedSet, merged: MergedState): Promise<Found | null> {
  if (isNothing(merged)) return set.expected.length === 0 ? { merged, window: null, failure: null } : null;
  const records = await readRecords(input.root, input.class);
  const window = findWindow(records, merged);
  const record = records.find(({ merge }) => merge?.mergeId === merged.mergeId);
  if (window === null || record?.sha256 !== digestOf(set)) return null;
  const observed = await observe(set.expected, await input.access.readDevices(), window);
  const isSame = confirmMerged(set.expected, merged, observed).length === 0;
  return isSame ? { merged, window, failure: null } : null;
}

// Under audit everything is merged that systemd would merge by itself.
function imagePolicyOf({ policy, class: extensionClass }: MergeInput): string | null {
  return policy.mode === 'audit' ? null : imagePolicy(admittedForms(policy, extensionClass));
}
