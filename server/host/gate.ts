import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { type DiscoveredImage, discoverImages } from './discover.ts';
import type { GateInput } from './gate-input.ts';
import type { ApprovedSet } from './measure-set.ts';
import { identityOf, isUntouched } from '../os/file-identity.ts';
import type { MergeExpectation } from './merged/merged-state.ts';
import { remember } from './history-file.ts';
import { maskImage } from './mask-image.ts';
import { quarantine } from './quarantine.ts';
import { recordSets } from './record-sets.ts';
import { finishInterrupted } from './systemd/append-log.ts';
import { type StagedImage, stageStore, type UnstagedImage } from './stage-store.ts';
import { type JudgedImage, verifyDiscovered } from './verify-discovered.ts';

/** What the gate found and did about one image. */
export interface GatedImage extends JudgedImage {
  readonly discovered: DiscoveredImage;
  /**
   * Where the image was moved to; of one that cannot be moved, what hides it: an empty directory, or an approved image of its
   * name. Null if it was left in sight.
   */
  readonly quarantined: string | null;
}

/** What was approved of one class, and what must be found again once it is merged. */
export interface GatedSet extends ApprovedSet {
  readonly expected: readonly MergeExpectation[];
}

export interface GateReport {
  /** Everything that can be merged now is approved and measured; in audit mode measured, whatever it is. */
  readonly open: boolean;
  readonly mode: Policy['mode'];
  readonly images: readonly GatedImage[];
  readonly sets: readonly GatedSet[];
  /** Images of the store that are refused, and not shown to systemd. */
  readonly unstaged: readonly UnstagedImage[];
  /**
   * `unchanged`: the log already ends with these sets; `nothing`: the gate is shut, so nothing was measured; `no-tpm`: there is
   * no TPM to measure into.
   */
  readonly measured: 'recorded' | 'unchanged' | 'nothing' | 'no-tpm';
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
  if (input.device !== null) await finishInterrupted(input.device, input.root);
  const images: GatedImage[] = [];
  const sets: GatedSet[] = [];
  const unstaged: UnstagedImage[] = [];
  for (const extensionClass of input.classes) {
    const store = await stageStore(input, extensionClass);
    unstaged.push(...store.unstaged);
    const gated = await gateClass(input, extensionClass, store.staged);
    images.push(...gated.images);
    sets.push(gated.set);
  }
  const inSight = images.filter(
    ({ verdict, quarantined }) => verdict.approval === null && quarantined === null,
  );
  const { mode, onRefused } = input.policy;
  const stops = inSight.length > 0 || (onRefused === 'abort' && unstaged.length > 0);
  if (stops && mode !== 'audit')
    return { open: false, mode, images, sets: [], unstaged, measured: 'nothing', events: [] };
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
  const measured = input.device === null ? 'no-tpm' : events.length > 0 ? 'recorded' : 'unchanged';
  return { open: true, mode, images, sets, unstaged, measured, events };
}

interface GatedClass {
  readonly images: readonly GatedImage[];
  /** Of the images in effect, in layer order. */
  readonly set: GatedSet;
}

async function gateClass(
  input: GateInput,
  extensionClass: ExtensionClass,
  staged: readonly StagedImage[],
): Promise<GatedClass> {
  const seen = new Map<string, GatedImage>();
  for (let round = 0; round < maximumRounds; round++) {
    const { effective, shadowed } = await discoverImages(input.root, extensionClass);
    const unseen = [...effective, ...shadowed].filter((image) => isUnseen(image, seen.get(image.entry)));
    if (unseen.length === 0)
      return { images: [...seen.values()], set: approvedSet(extensionClass, effective, seen) };
    for (const found of unseen) {
      const discovered = unhide(found, seen);
      const judged = (await judgedInStore(discovered, staged)) ?? (await verifyDiscovered(input, discovered));
      seen.set(discovered.entry, await gateImage(input, { discovered, ...judged, quarantined: null }, seen));
    }
  }
  throw new CouldNotDecide(
    `the ${extensionClass} search directories change faster than they can be verified`,
  );
}

// What was moved away can be put there again: then it is another image. What was hidden stays where it is.
function isUnseen({ hiddenBy }: DiscoveredImage, seen: GatedImage | undefined): boolean {
  return seen === undefined || (seen.quarantined !== null && hiddenBy !== seen.quarantined);
}

// What was moved away hides nothing any more. Images in effect come before those they hide.
function unhide(discovered: DiscoveredImage, seen: ReadonlyMap<string, GatedImage>): DiscoveredImage {
  const winner = discovered.hiddenBy === null ? undefined : seen.get(discovered.hiddenBy);
  return winner === undefined || winner.quarantined === null
    ? discovered
    : { ...discovered, hiddenBy: null, conflict: null };
}

function approvedSet(
  extensionClass: ExtensionClass,
  effective: readonly DiscoveredImage[],
  seen: ReadonlyMap<string, GatedImage>,
): GatedSet {
  return setOf(
    extensionClass,
    effective.flatMap(({ entry }) => seen.get(entry) ?? []),
  );
}

/** The set that images make, in layer order, lowest first. */
export function setOf(
  extensionClass: ExtensionClass,
  images: readonly Pick<GatedImage, 'discovered' | 'verdict' | 'identity'>[],
): GatedSet {
  const approved = images.filter(({ identity }) => identity !== null);
  return {
    class: extensionClass,
    approvals: approved.flatMap(({ verdict }) => verdict.approval ?? []),
    expected: approved.flatMap(expectationsOf),
  };
}

/** What must be found again once an image is merged: one if it was approved, else none. */
function expectationsOf({
  verdict: { approval, content, integrity },
  identity: file,
  discovered: { target: path },
}: Pick<GatedImage, 'discovered' | 'verdict' | 'identity'>): MergeExpectation[] {
  if (approval === null || file === null) return [];
  const verityBytes = content?.algorithm?.over === 'verity' ? BigInt(integrity.dataBytes) : null;
  return [{ approval, path, file, verityBytes }];
}

/** The verdict on what a link of ours shows, unless it was touched since: to read all of it again tells nothing new. */
async function judgedInStore(
  { name, target, conflict }: DiscoveredImage,
  staged: readonly StagedImage[],
): Promise<JudgedImage | null> {
  const image = staged.find((one) => one.target === target && one.verdict.name === name);
  if (image === undefined || image.identity === null || conflict !== null) return null;
  const now = await identityOf(target);
  return now !== null && isUntouched(image.identity, now)
    ? { verdict: image.verdict, identity: image.identity }
    : null;
}

async function gateImage(
  input: GateInput,
  image: GatedImage,
  seen: ReadonlyMap<string, GatedImage>,
): Promise<GatedImage> {
  const { mode, onRefused } = input.policy;
  const stays = image.verdict.approval !== null || mode === 'audit' || onRefused === 'abort';
  return stays ? image : { ...image, quarantined: await putAway(input, image, seen) };
}

/** Takes an image out of systemd's sight in whatever way there is. @throws CouldNotDecide if there is none. */
async function putAway(
  { root, now }: GateInput,
  { discovered, verdict: { reasons } }: GatedImage,
  seen: ReadonlyMap<string, GatedImage>,
): Promise<string> {
  try {
    return await quarantine(root, discovered, reasons, now);
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    const winner = discovered.hiddenBy === null ? undefined : seen.get(discovered.hiddenBy);
    // A mask would hide that one, too. If it goes before the merge, this is found merged and unmerged.
    if (winner !== undefined && winner.verdict.approval !== null) return winner.discovered.entry;
    return await maskImage(root, discovered, reasons, now).catch((failure: unknown) => {
      if (!(failure instanceof CouldNotDecide)) throw failure;
      throw new CouldNotDecide(`${error.message}; ${failure.message}`);
    });
  }
}
