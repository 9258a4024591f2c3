import type { DifferentDetail } from '../../verifier/authoring/diff-aspects.ts';
import type { PolicyDifference } from '../../verifier/authoring/diff-policies.ts';
import type { ComparedVerdicts, Outcome } from '../../verifier/authoring/diff-verdicts.ts';
import type { ImageName } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { printable } from './output.ts';

/** What `policy diff --json` prints; the names are scripted against. */
export interface PolicyDiffDocument {
  readonly old: PolicyDocument;
  readonly new: PolicyDocument;
  /** Whether anything changes: what comes of an image, or without images what the policies say. */
  readonly changes: boolean;
  readonly differences: readonly PolicyDifference[];
  /** Null if no images were given. */
  readonly images: readonly ImageDiffDocument[] | null;
}

type PolicyDocument = Pick<Policy, 'path' | 'name' | 'version' | 'sha256' | 'mode'>;

export type ImageDiffDocument = ImageName & { readonly image: string } & (
    | ComparedVerdicts
    /** It could not be read. */
    | { readonly change: 'error'; readonly message: string }
  );

export function toPolicyDocument({ path, name, version, sha256, mode }: Policy): PolicyDocument {
  return { path, name, version, sha256, mode };
}

/** The document for people: what changes for each image; without images, what differs. */
export function diffText(document: PolicyDiffDocument): string {
  const { old, new: next, differences, images } = document;
  const title = `${policyText(old)} -> ${policyText(next)}`;
  const lines =
    images === null
      ? [...differences.flatMap(differenceLines), ...(differences.length === 0 ? ['nothing differs'] : [])]
      : [...images.flatMap(imageLines), countText(images)];
  return [title, ...lines].map((line) => `${printable(line)}\n`).join('');
}

function policyText({ path, name, version }: PolicyDocument): string {
  return `${path ?? ''} (${name}, version ${version})`;
}

const marks = { added: '+', removed: '-', changed: '~', moved: '>' } as const;
const subjects = { policy: '', trust: 'trust set ', revocation: 'revoked ', rule: 'rule ' } as const;

function differenceLines({
  subject,
  change,
  name,
  oldAt,
  newAt,
  details,
}: PolicyDifference): readonly string[] {
  const places = [...new Set([oldAt, newAt])].filter((at) => at !== null).join(' -> ');
  const called = subject === 'trust' || subject === 'rule' ? `"${name}"` : name;
  const title = `${marks[change]} ${subjects[subject]}${called}${places === '' ? '' : ` (${places})`}`;
  const [first] = details;
  if (first !== undefined && first.what === 'value')
    return [`${title}: ${first.old ?? ''} -> ${first.new ?? ''}`];
  return [title, ...details.map((detail) => `    ${detailText(detail)}`)];
}

function detailText({ what, old, new: next }: DifferentDetail): string {
  if (old === null) return `+ ${what} ${next ?? ''}`;
  if (next === null) return `- ${what} ${old}`;
  return `${what}: ${old} -> ${next}`;
}

function imageLines(image: ImageDiffDocument): readonly string[] {
  if (image.change === 'none') return [];
  if (image.change === 'error') return [`${image.image}: not decided: ${image.message}`];
  const [before, after] = [outcomeText(image.old), outcomeText(image.new)];
  // What stays the same is said once.
  const [from, to] = [whyText(image.old), whyText(image.new)];
  return [`${image.image}: ${before}${from === to ? '' : from} -> ${after}${to}`];
}

const outcomes = {
  accepted: 'accepted',
  refused: 'refused',
  audited: 'refused, yet merged (mode audit)',
} as const;

function outcomeText({ outcome, rule, at }: Outcome): string {
  return `${outcomes[outcome]}${rule === null ? '' : ` by "${rule}"${at === null ? '' : ` (${at})`}`}`;
}

function whyText({ reasons }: Outcome): string {
  const why = reasons.map(({ code, message }) => `${code}: ${message}`).join(' ');
  return why === '' ? '' : `: ${why}`;
}

function countText(images: readonly ImageDiffDocument[]): string {
  const count = (wanted: ImageDiffDocument['change']): number =>
    images.filter(({ change }) => change === wanted).length;
  return [
    `${count('outcome')} of ${images.length} images change`,
    ...(count('rule') > 0 ? [`${count('rule')} are accepted by another rule`] : []),
    ...(count('error') > 0 ? [`${count('error')} could not be read`] : []),
    `${count('none')} stay as they are`,
  ].join(', ');
}
