import type { AcceptedVersion, ImageFacts } from '../policy/facts.ts';
import {
  maximumProblems,
  parsePolicyDocument,
  type PolicyDocument,
  type PolicyProblem,
} from '../policy/document.ts';
import { explainIssue } from '../policy/explain-issue.ts';
import type { Policy } from '../policy/policy.ts';
import { decodePolicyText, PolicyInvalid } from '../policy/policy-text.ts';
import { suggestion } from '../policy/suggestion.ts';
import { parseMoment } from '../policy/validity.ts';
import type { ReasonCode } from '../reasons.ts';
import { describedFacts } from './policy-test-facts.ts';
import {
  type CaseDocument,
  type PolicyTestDocument,
  policyTestJsonSchema,
  policyTestSchema,
} from './policy-test-schema.ts';

/** What a policy is to say of images: a test file, parsed. */
export interface PolicyTest {
  /** Path of the policy, as the test file has it: a relative one is relative to the directory of the test file. */
  readonly policy: string;
  /** Where the test file names the policy. */
  readonly policyAt: string;
  readonly cases: readonly PolicyTestCase[];
  /** Names that the policy must know. */
  readonly references: readonly {
    readonly kind: 'trust set' | 'rule';
    readonly name: string;
    readonly at: string;
  }[];
}

export interface PolicyTestCase {
  readonly name: string;
  /** `file:line:column`. */
  readonly at: string;
  readonly subject: TestSubject;
  /** When it is decided; null: at the time of the test. */
  readonly now: Date | null;
  /** Of the host. */
  readonly labels: ReadonlyMap<string, string>;
  /** By the host. */
  readonly accepted: AcceptedVersion;
  readonly expected: Expectation;
}

/** An image to be verified, or facts that are taken as they are. */
export type TestSubject =
  | { readonly kind: 'image'; readonly path: string; readonly class: 'sysext' | 'confext' | null }
  | { readonly kind: 'described'; readonly facts: ImageFacts };

/** The answer that a case wants; null: whichever. */
export interface Expectation {
  readonly verdict: 'accepted' | 'refused';
  readonly code: ReasonCode | null;
  readonly rule: string | null;
}

/**
 * Parses a test file. Nothing is ignored: what is not known is a problem.
 *
 * @param path the file's name in places.
 * @throws PolicyInvalid with the problems found.
 */
export function parsePolicyTest(text: Uint8Array, path: string): PolicyTest {
  const { value, document } = parse(text, path);
  const repeated = findRepeated(value, document);
  if (repeated.length > 0) throw new PolicyInvalid(repeated);
  return {
    policy: value.policy,
    policyAt: document.at(['policy']),
    cases: value.cases.map((one, index) => toCase(one, document.at(['cases', index]))),
    references: findReferences(value, document),
  };
}

function parse(
  bytes: Uint8Array,
  path: string,
): { readonly value: PolicyTestDocument; readonly document: PolicyDocument } {
  const parsed = parsePolicyDocument(decodePolicyText(bytes, path), path);
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = policyTestSchema.safeParse(document.value);
  if (result.success) return { value: result.data, document };
  const issues = result.error.issues.slice(0, maximumProblems);
  throw new PolicyInvalid(issues.flatMap((issue) => explainIssue(issue, document, policyTestJsonSchema)));
}

/** Names that the test uses and the policy does not have; a test with one says nothing about this policy. */
export function checkTestNames({ references }: PolicyTest, policy: Policy): readonly PolicyProblem[] {
  const known = {
    'trust set': policy.anchors.map(({ name }) => name),
    rule: policy.rules.map(({ name }) => name),
  };
  return references
    .filter(({ kind, name }) => !known[kind].includes(name))
    .slice(0, maximumProblems)
    .map(({ kind, name, at }) => ({
      message: `no ${kind} of the policy "${policy.name}" is named ${JSON.stringify(name.slice(0, 64))}${suggestion(name, known[kind])}`,
      at,
    }));
}

function toCase(one: CaseDocument, at: string): PolicyTestCase {
  const accepted = toAccepted(one);
  return {
    name: one.name,
    at,
    subject: toSubject(one, accepted),
    now: one.now === undefined ? null : parseMoment(one.now, 'first'),
    labels: new Map(Object.entries(one.labels ?? {})),
    accepted,
    expected: { verdict: one.expect, code: one.code ?? null, rule: one.rule ?? null },
  };
}

function toSubject(
  { image = '', class: given, describe }: CaseDocument,
  accepted: AcceptedVersion,
): TestSubject {
  return describe === undefined
    ? { kind: 'image', path: image, class: given ?? null }
    : { kind: 'described', facts: describedFacts(describe, accepted) };
}

function toAccepted({ historyLost, highestAccepted }: CaseDocument): AcceptedVersion {
  if (historyLost === true) return 'lost';
  return highestAccepted === undefined ? null : { highest: highestAccepted };
}

// Reports tell cases apart by their names.
function findRepeated({ cases }: PolicyTestDocument, document: PolicyDocument): readonly PolicyProblem[] {
  const first = new Map<string, number>();
  return cases.flatMap(({ name }, index) => {
    if (!first.has(name)) first.set(name, index);
    if (first.get(name) === index) return [];
    return [
      { message: `a case named "${name}" stands further up`, at: document.at(['cases', index, 'name']) },
    ];
  });
}

function findReferences({ cases }: PolicyTestDocument, document: PolicyDocument): PolicyTest['references'] {
  return cases.flatMap(({ rule, describe }, index) => {
    const path = ['cases', index];
    const sets = (names: readonly string[] | undefined, above: readonly (string | number)[]) =>
      (names ?? []).map((name, at) => ({
        kind: 'trust set' as const,
        name,
        at: document.at([...path, 'describe', ...above, 'signedBy', at]),
      }));
    return [
      ...sets(describe?.signedBy, []),
      ...(describe?.signers ?? []).flatMap(({ signedBy }, signer) => sets(signedBy, ['signers', signer])),
      ...(rule === undefined
        ? []
        : [{ kind: 'rule' as const, name: rule, at: document.at([...path, 'rule']) }]),
    ];
  });
}
