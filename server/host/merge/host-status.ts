import { type MeasuredSet, readExtensionHistory } from '../../../verifier/measurement/extension-history.ts';
import { discoverImages } from '../discover.ts';
import { type GatedImage, setOf } from '../gate.ts';
import { digestOf } from '../measure-set.ts';
import { readMeasuredEvents } from '../measured-events.ts';
import type { MergedState, Violation } from '../merged/merged-state.ts';
import { judgeStore, type UnstagedImage } from '../stage-store.ts';
import { verifyDiscovered } from '../verify-discovered.ts';
import { hasSameTrees } from './confirm.ts';
import { explainMerged } from './explain-merged.ts';
import type { MergeInput } from './merge-input.ts';
import { readRecords } from './merge-record.ts';
import { isNothing } from './unmerge.ts';

/** How one class stands, without anything being changed. */
export interface ClassStatus {
  readonly merged: MergedState;
  /** Every image that systemd would merge now. */
  readonly images: readonly GatedImage[];
  /** What is refused in the store. */
  readonly unstaged: readonly UnstagedImage[];
  /** How what is merged differs from everything that was approved since boot. */
  readonly violations: readonly Violation[];
  /** What the log last says of it; null if nothing. */
  readonly set: MeasuredSet | null;
  /** What would be approved now is not what is merged. */
  readonly changed: boolean;
  /** Merged is what was approved, and the log says so; or nothing is merged, and the log does not say otherwise. */
  readonly good: boolean;
}

/** What the log says, if the PCR bears it out. */
export interface LogStatus {
  /** False: there is none, and the policy says that it need not be. */
  readonly hasTpm: boolean;
  /** The log replays to the PCR, is complete, and reads as ours. */
  readonly agrees: boolean;
  /** Violations since boot. */
  readonly violations: number;
  readonly sets: ReadonlyMap<string, MeasuredSet>;
}

/** @throws CouldNotDecide if log or TPM cannot be read. */
export async function readLogStatus({
  root,
  device,
  policy,
}: Pick<MergeInput, 'root' | 'device' | 'policy'>): Promise<LogStatus> {
  if (device === null) return { hasTpm: false, agrees: true, violations: 0, sets: new Map() };
  const events = await readMeasuredEvents(root, device, policy.measurePcr);
  const verdict = events === null ? null : readExtensionHistory(events);
  if (verdict?.read !== true) return { hasTpm: true, agrees: false, violations: 0, sets: new Map() };
  const { sets, violations } = verdict.history;
  return { hasTpm: true, agrees: true, violations: violations.length, sets };
}

/**
 * Looks at one class: what is merged, by whomever, held against what was approved and what the log says. What was never approved,
 * or differs from it, is a violation; what is approved and was merged behind our back is not confirmed by the log.
 *
 * @throws CouldNotDecide
 */
export async function readClassStatus(input: MergeInput, log: LogStatus): Promise<ClassStatus> {
  const merged = await input.access.readMerged(input.class);
  const images = await judgeEffective(input);
  const approved = setOf(input.class, images);
  const now = { sha256: digestOf(approved), expected: approved.expected, merge: null };
  const set = log.sets.get(input.class) ?? null;
  const found = isNothing(merged)
    ? { sha256: emptySet(set), violations: [] }
    : await explain(input, merged, now, images);
  const said = !log.hasTpm || (set?.state === 'merged' && set.sha256 === found.sha256);
  const silent = isNothing(merged) && set?.state !== 'merged';
  return {
    ...{ merged, images, set, violations: found.violations },
    unstaged: (await judgeStore(input, input.class)).filter(({ verdict }) => verdict.approval === null),
    changed: isNothing(merged) ? now.expected.length > 0 : found.sha256 !== now.sha256,
    good: found.violations.length === 0 && (said || silent),
  };
}

async function judgeEffective(input: MergeInput): Promise<GatedImage[]> {
  const { effective } = await discoverImages(input.root, input.class);
  const images: GatedImage[] = [];
  for (const discovered of effective)
    images.push({ discovered, ...(await verifyDiscovered(input, discovered)), quarantined: null });
  return images;
}

/** Nothing merged is what a set of nothing is. */
function emptySet(set: MeasuredSet | null): string | null {
  return set?.extensions.length === 0 ? set.sha256 : null;
}

interface Explained {
  /** Of the set that is merged; null if it is none that was approved. */
  readonly sha256: string | null;
  readonly violations: readonly Violation[];
}

async function explain(
  { root, class: extensionClass, access }: MergeInput,
  merged: MergedState,
  now: Parameters<typeof explainMerged>[0][number] & { readonly sha256: string },
  images: readonly GatedImage[],
): Promise<Explained> {
  const records = [...(await readRecords(root, extensionClass)), now];
  const { record, violations } = await explainMerged(records, merged, await access.readDevices());
  if (record === null || hasSameTrees(record, images)) return { sha256: record?.sha256 ?? null, violations };
  const message = 'A directory that is merged is not as it was when it was approved.';
  return { sha256: null, violations: [{ code: 'digest-mismatch', name: '', rootHash: '', message }] };
}
