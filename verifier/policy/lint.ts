import type { TrustAnchors } from '../trust/anchors.ts';
import type { PolicyDocument, PolicyProblem } from './document.ts';
import { findContradiction } from './empty-range.ts';
import { compareGlobs } from './glob-covers.ts';
import type { Rule } from './policy.ts';
import { findCovering } from './rule-covers.ts';

/** What a policy says that is allowed, and yet hardly what its author means, at any time. Changes no decision. */
export function lintPolicy(
  anchors: readonly TrustAnchors[],
  rules: readonly Rule[],
  document: PolicyDocument,
): readonly PolicyProblem[] {
  return [
    ...findUnused(anchors, rules, document),
    ...findUnissuing(anchors, document),
    ...findUnreachable(rules, document),
    ...findNeverInForce(rules, document),
    ...findVersionless(rules, document),
  ];
}

function findUnused(
  anchors: readonly TrustAnchors[],
  rules: readonly Rule[],
  document: PolicyDocument,
): PolicyProblem[] {
  return anchors
    .filter(({ name }) =>
      rules.every(({ admits }) => admits.kind === 'digest' || !admits.sets.includes(name)),
    )
    .map(({ name }) => ({
      message: `no rule asks for the trust set "${name}"; name it in signedBy of a rule, or take it out`,
      at: document.atKey(['trust'], name),
    }));
}

// The common mistake: the certificate that signs is put in place of the authority that issued it.
function findUnissuing(anchors: readonly TrustAnchors[], document: PolicyDocument): PolicyProblem[] {
  return anchors
    .filter(({ mode }) => mode === 'issued')
    .flatMap(({ name, certificates }) =>
      certificates
        .filter(({ basicConstraints }) => basicConstraints?.ca !== true)
        .map(({ subject }) => ({
          message: `"${subject}" is no certificate authority, so nothing is issued under it; did you mean pinned: true?`,
          at: document.at(['trust', name, 'certificates']),
        })),
    );
}

// What a policy of the largest size that people write needs many times over.
const maximumGlobSteps = 5_000_000;

function findUnreachable(rules: readonly Rule[], document: PolicyDocument): PolicyProblem[] {
  const compare = compareGlobs(maximumGlobSteps);
  return rules.flatMap((rule, index): PolicyProblem[] => {
    const covering = findCovering(rules.slice(0, index), rule, compare);
    if (covering === null) return [];
    const names = covering.map(({ name }) => `"${name}"`).join(' and ');
    const come =
      covering.length === 1 ? 'fits all that it fits, and comes' : 'together fit all that it fits, and come';
    const message = `the rule "${rule.name}" never decides: ${names} ${come} first; move it up, or take it out`;
    return [{ message, at: document.at(['rules', index]) }];
  });
}

function findNeverInForce(rules: readonly Rule[], document: PolicyDocument): PolicyProblem[] {
  return rules.flatMap(({ name, validity: { notBefore, notAfter } }, index): PolicyProblem[] => {
    if (notBefore === null || notAfter === null || notBefore <= notAfter) return [];
    const message = `the rule "${name}" is never in force: it ends before it begins; correct notBefore or notAfter`;
    return [{ message, at: document.at(['rules', index, 'validity']) }];
  });
}

function findVersionless(rules: readonly Rule[], document: PolicyDocument): PolicyProblem[] {
  return rules.flatMap(({ name, version }, index): PolicyProblem[] => {
    const contradiction = version === null ? null : findContradiction(version);
    if (contradiction === null) return [];
    const both = contradiction.map(({ operator, version: text }) => `"${operator} ${text}"`).join(' and ');
    const message = `the rule "${name}" accepts no version: none is ${both}; correct the range`;
    return [{ message, at: document.at(['rules', index, 'require', 'version']) }];
  });
}
