import type { TrustAnchors } from '../trust/anchors.ts';
import type { PolicyDocument, PolicyProblem } from './document.ts';
import type { Rule } from './policy.ts';

/** What a policy says that is allowed, and yet hardly what its author means. Changes no decision. */
export function lintPolicy(
  anchors: readonly TrustAnchors[],
  rules: readonly Rule[],
  document: PolicyDocument,
): readonly PolicyProblem[] {
  return [
    ...findUnused(anchors, rules, document),
    ...findUnissuing(anchors, document),
    ...findUnreachable(rules, document),
  ];
}

function findUnused(
  anchors: readonly TrustAnchors[],
  rules: readonly Rule[],
  document: PolicyDocument,
): PolicyProblem[] {
  return anchors
    .filter(({ name }) => rules.every(({ signedBy }) => !signedBy.includes(name)))
    .map(({ name }) => ({
      message: `no rule asks for the trust set "${name}"`,
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

function findUnreachable(rules: readonly Rule[], document: PolicyDocument): PolicyProblem[] {
  return rules.flatMap((rule, index): PolicyProblem[] => {
    const earlier = rules.slice(0, index).find((candidate) => covers(candidate, rule));
    if (earlier === undefined) return [];
    const message = `the rule "${rule.name}" never decides: "${earlier.name}" fits all that it fits, and comes first`;
    return [{ message, at: document.at(['rules', index]) }];
  });
}

/** Whether `wide` surely fits all that `narrow` fits. Globs are compared no further than everything, or the same. */
function covers(wide: Rule, narrow: Rule): boolean {
  const everyName = wide.nameGlob === null || /^\*+$/.test(wide.nameGlob);
  return (
    (wide.class === null || wide.class === narrow.class) &&
    (wide.form === null || wide.form === narrow.form) &&
    (everyName || wide.nameGlob === narrow.nameGlob)
  );
}
