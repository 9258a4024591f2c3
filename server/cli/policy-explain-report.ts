import type { ExplainedRule } from '../../verifier/authoring/explain.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import type { Reason } from '../../verifier/reasons.ts';
import { fields, printable } from './output.ts';
import { reasonText, type VerdictDocument } from './verdict-report.ts';

/** The document of `policy explain --json`: that of `verify`, and how the verdict came about. Its names are scripted against. */
export interface ExplanationDocument extends VerdictDocument {
  readonly policy: Pick<Policy, 'path' | 'name' | 'version' | 'sha256' | 'mode'>;
  /** Trust sets that vouch for each signer. */
  readonly signers: readonly { readonly sha256: string; readonly trustedBy: readonly string[] }[];
  /** Why the image is refused whatever the policy says. */
  readonly findings: readonly Reason[];
  /** What the policy revokes; if there is anything, no rule is asked. */
  readonly revoked: readonly Reason[];
  readonly rules: readonly ExplainedRule[];
}

/** The explanation for people: the image, then step by step what was asked of it, then the verdict. */
export function explanationText(document: ExplanationDocument): string {
  const { image, policy, rules } = document;
  return [
    `${printable(image)}\n`,
    fields(imageFacts(document), '  '),
    `${printable(`${policy.path ?? ''} (${policy.name}, version ${policy.version})`)}\n`,
    stepText(
      'image',
      document.findings,
      document.verdict === 'error' ? 'not decided' : 'refused',
      'nothing speaks against it',
    ),
    stepText(
      'revocation',
      document.revoked,
      'refused',
      isAsked(document) ? 'nothing is revoked' : 'not reached',
    ),
    ...rules.map((rule, index) => ruleText(rule, index + 1)),
    rules.length === 0 ? '  there are no rules\n' : '',
    verdictText(document),
  ].join('');
}

function imageFacts(document: ExplanationDocument): readonly (readonly [string, string])[] {
  const { form, version, rootHash, hashAlgorithm, signer, signers } = document;
  const digest = form === 'bare' || form === 'directory' ? 'digest' : 'root hash';
  return [
    ['extension', `${document.class} ${document.name}`],
    ...some('form', form),
    ...some('version', version === '' ? null : version),
    ...some(digest, rootHash === null ? null : `${hashAlgorithm ?? ''}:${rootHash}`),
    // Whom nobody vouches for may not have signed it at all.
    ...some(
      signers.length === 0 ? 'claimed signer' : 'signed by',
      signer === null ? null : `${signer.subject} (${signer.sha256})`,
    ),
    ...signers.map(
      ({ sha256, trustedBy }) => ['trusted by', `${trustedBy.join(', ')} (${sha256.slice(0, 16)}…)`] as const,
    ),
  ];
}

function some(label: string, value: string | null): readonly (readonly [string, string])[] {
  return value === null ? [] : [[label, value]];
}

// What cannot be opened has nothing that a policy could be asked about.
function isAsked({ form }: ExplanationDocument): boolean {
  return form !== null;
}

function stepText(step: string, against: readonly Reason[], no: string, yes: string): string {
  return `  ${step}: ${against.length === 0 ? yes : no}\n${reasonLines(against)}`;
}

function ruleText(
  { name, at, outcome, matched, mismatches, reasons }: ExplainedRule,
  number: number,
): string {
  const place = at === null ? '' : ` (${at})`;
  const lines = [...matched, ...mismatches].map((why) => `      it ${printable(why)}\n`);
  return `  rule ${number} "${printable(name)}"${printable(place)}: ${outcome}\n${lines.join('')}${reasonLines(reasons)}`;
}

function reasonLines(reasons: readonly Reason[]): string {
  return reasons.map((why) => `      ${printable(reasonText(why))}\n`).join('');
}

function verdictText(document: ExplanationDocument): string {
  const { verdict, reasons, policy } = document;
  const codes = [...new Set(reasons.map(({ code }) => code))].join(', ');
  const audit =
    verdict === 'refused' && policy.mode === 'audit'
      ? '; merged all the same: the policy is in mode audit'
      : '';
  return `${verdict}${deciderText(document)}${codes === '' ? '' : `: ${codes}`}${audit}\n`;
}

function deciderText({ verdict, rule, rules }: ExplanationDocument): string {
  const decider = rules.find(({ outcome }) => outcome === 'accepts' || outcome === 'refuses');
  if (rule === null || decider === undefined) return '';
  const text = printable(`the rule "${rule}"${decider.at === null ? '' : ` (${decider.at})`}`);
  return verdict === 'refused' && decider.outcome === 'accepts'
    ? `, although ${text} accepts it`
    : ` by ${text}`;
}
