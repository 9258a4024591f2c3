import type { DocumentPath } from '../policy/document.ts';
import type { Policy } from '../policy/policy.ts';
import { type Aspects, compareAspects, type DifferentDetail } from './diff-aspects.ts';
import { movedNames, ruleAspects } from './diff-rules.ts';
import { trustAspects } from './diff-trust.ts';

/** A part of two policies that is not the same in both. */
export interface PolicyDifference {
  readonly subject: 'policy' | 'trust' | 'revocation' | 'rule';
  /** `moved`: a rule that stands before or after other ones than it did, and is the same otherwise. */
  readonly change: 'added' | 'removed' | 'changed' | 'moved';
  /** Of the trust set or the rule; else the key. */
  readonly name: string;
  /** `file:line:column`; null where it is not written. */
  readonly oldAt: string | null;
  readonly newAt: string | null;
  /** What of it differs; all that it says, if it was added or removed. */
  readonly details: readonly DifferentDetail[];
}

/** What two policies say differently; what is written in another way and means the same is left out. */
export function diffPolicies(old: Policy, next: Policy): readonly PolicyDifference[] {
  return [
    ...diffParts('policy', policyParts(old), policyParts(next)),
    ...diffParts('trust', trustParts(old), trustParts(next)),
    ...diffParts('revocation', revocationParts(old), revocationParts(next)),
    ...diffRules(old, next),
  ];
}

interface Part {
  readonly at: string | null;
  readonly aspects: Aspects;
}

type Parts = ReadonlyMap<string, Part>;

const nothing: Aspects = new Map();

function diffParts(subject: PolicyDifference['subject'], old: Parts, next: Parts): PolicyDifference[] {
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((name): PolicyDifference[] => {
    const [before, after] = [old.get(name), next.get(name)];
    const details = compareAspects(before?.aspects ?? nothing, after?.aspects ?? nothing);
    const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
    if (change === 'changed' && details.length === 0) return [];
    return [{ subject, change, name, oldAt: before?.at ?? null, newAt: after?.at ?? null, details }];
  });
}

function policyParts(policy: Policy): Parts {
  const { name, version, minimum, mode, onRefused, measurePcr } = policy;
  const part = (path: DocumentPath, value: string): [string, Part] => [
    path.join('.'),
    { at: placeOf(policy, path), aspects: new Map([['value', [value]]]) },
  ];
  return new Map([
    part(['metadata', 'name'], name),
    part(['metadata', 'version'], String(version)),
    part(['metadata', 'minimum'], minimum === null ? 'none' : String(minimum)),
    part(['mode'], mode),
    part(['onRefused'], onRefused),
    part(['measure', 'pcr'], String(measurePcr)),
  ]);
}

function trustParts(policy: Policy): Parts {
  return new Map(
    policy.anchors.map((set) => [
      set.name,
      { at: policy.document?.atKey(['trust'], set.name) ?? null, aspects: trustAspects(set) },
    ]),
  );
}

function revocationParts(policy: Policy): Parts {
  const part = (kind: string, key: string, what: string): [string, Part] => [
    `${kind} ${what}`,
    { at: placeOf(policy, ['revoked', key]), aspects: nothing },
  ];
  return new Map([
    ...[...policy.revokedRootHashes].map((hash) => part('root hash', 'rootHashes', hash)),
    ...[...policy.revokedCertificates].map((one) => part('certificate', 'certificates', one)),
  ]);
}

/** A rule that others have passed, or that has passed them, decides before them or no more. */
function diffRules(old: Policy, next: Policy): PolicyDifference[] {
  const names = ({ rules }: Policy): readonly string[] => rules.map(({ name }) => name);
  const moved = movedNames(names(old), names(next));
  const parts = ({ rules }: Policy): Parts =>
    new Map(
      rules.map((rule, index) => {
        const place: Aspects = moved.has(rule.name) ? new Map([['place', [String(index + 1)]]]) : nothing;
        return [rule.name, { at: rule.at, aspects: new Map([...place, ...ruleAspects(rule)]) }];
      }),
    );
  return diffParts('rule', parts(old), parts(next)).map((one) =>
    one.change === 'changed' && one.details.every(({ what }) => what === 'place')
      ? { ...one, change: 'moved' }
      : one,
  );
}

function placeOf({ document }: Policy, path: DocumentPath): string | null {
  return document?.has(path) === true ? document.at(path) : null;
}
