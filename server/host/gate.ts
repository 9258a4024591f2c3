import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Approval, ExtensionClass, ImageVerdict } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { type DiscoveredImage, discoverImages } from './discover.ts';
import type { GateInput } from './gate-input.ts';
import type { ApprovedSet } from './measure-set.ts';
import { remember } from './history-file.ts';
import { quarantine } from './quarantine.ts';
import { recordSets } from './record-sets.ts';
import { verifyDiscovered } from './verify-discovered.ts';

/** What the gate found and did about one image. */
export interface GatedImage {
  readonly discovered: DiscoveredImage;
  readonly verdict: ImageVerdict;
  /** Where the image was moved to; null if it was left where it is. */
  readonly quarantined: string | null;
}

export interface GateReport {
  /** Everything that can be merged now is approved and measured; in audit mode measured, whatever it is. */
  readonly open: boolean;
  readonly mode: Policy['mode'];
  readonly images: readonly GatedImage[];
  readonly sets: readonly ApprovedSet[];
  /** `unchanged`: the log already ends with these sets; `nothing`: the gate is shut, so nothing was measured. */
  readonly measured: 'recorded' | 'unchanged' | 'nothing';
  /** The events that were appended to the log. */
  readonly events: readonly string[];
}

/** Moving an image away brings to light what it hid; a directory that changes more often than this is under attack. */
const maximumRounds = 8;

/**
 * The merge hook: verifies everything that systemd would merge, moves what is refused out of its sight (or stops, as the
 * policy says), measures what is left. Shadowed images are verified too: they come to light when what hides them goes.
 * Under a policy in audit mode what is refused stays, and is measured as a violation.
 *
 * @throws CouldNotDecide on any I/O or TPM failure; nothing may be merged then.
 */
export async function gate(input: GateInput): Promise<GateReport> {
  const images: GatedImage[] = [];
  const sets: ApprovedSet[] = [];
  for (const extensionClass of input.classes) {
    const gated = await gateClass(input, extensionClass);
    images.push(...gated.images);
    sets.push({ class: extensionClass, approvals: gated.approvals });
  }
  const inSight = images.filter(
    ({ verdict, quarantined }) => verdict.approval === null && quarantined === null,
  );
  const { mode } = input.policy;
  if (inSight.length > 0 && mode !== 'audit')
    return { open: false, mode, images, sets: [], measured: 'nothing', events: [] };
  const refused = inSight.filter(({ discovered }) => discovered.hiddenBy === null);
  const events = await recordSets(
    input,
    sets,
    refused.map(({ verdict }) => verdict),
  );
  await remember(
    input.root,
    input.policy,
    sets.flatMap(({ approvals }) => approvals.map((one) => ({ ...one, name: one.releaseName }))),
  );
  return { open: true, mode, images, sets, measured: events.length > 0 ? 'recorded' : 'unchanged', events };
}

interface GatedClass {
  readonly images: readonly GatedImage[];
  /** Of the images in effect, in layer order. */
  readonly approvals: readonly Approval[];
}

async function gateClass(input: GateInput, extensionClass: ExtensionClass): Promise<GatedClass> {
  const seen = new Map<string, GatedImage>();
  for (let round = 0; round < maximumRounds; round++) {
    const { effective, shadowed } = await discoverImages(input.root, extensionClass);
    // What was moved away can be put there again: then it is another image.
    const unseen = [...effective, ...shadowed].filter(
      ({ entry }) => (seen.get(entry)?.quarantined ?? null) !== null || !seen.has(entry),
    );
    if (unseen.length === 0) return { images: [...seen.values()], approvals: approvalsOf(effective, seen) };
    for (const discovered of unseen)
      seen.set(discovered.entry, await gateImage(input, unhide(discovered, seen)));
  }
  throw new CouldNotDecide(
    `the ${extensionClass} search directories change faster than they can be verified`,
  );
}

// What was moved away hides nothing any more. Images in effect come before those they hide.
function unhide(discovered: DiscoveredImage, seen: ReadonlyMap<string, GatedImage>): DiscoveredImage {
  const winner = discovered.hiddenBy === null ? undefined : seen.get(discovered.hiddenBy);
  return winner === undefined || winner.quarantined === null
    ? discovered
    : { ...discovered, hiddenBy: null, conflict: null };
}

function approvalsOf(
  effective: readonly DiscoveredImage[],
  seen: ReadonlyMap<string, GatedImage>,
): Approval[] {
  return effective.flatMap(({ entry }) => seen.get(entry)?.verdict.approval ?? []);
}

async function gateImage(input: GateInput, discovered: DiscoveredImage): Promise<GatedImage> {
  const verdict = await verifyDiscovered(input, discovered);
  const { mode, onRefused } = input.policy;
  if (verdict.approval !== null || mode === 'audit' || onRefused === 'abort')
    return { discovered, verdict, quarantined: null };
  return {
    discovered,
    verdict,
    quarantined: await quarantine(input.root, discovered, verdict.reasons, input.now),
  };
}
