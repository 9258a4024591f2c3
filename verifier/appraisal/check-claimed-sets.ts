import { canonicalJson } from '../bytes/canonical-json.ts';
import { toClaimedSet } from '../evidence/claimed-set.ts';
import type { ClaimedSet } from '../evidence/claims.ts';
import type { ExtensionHistory } from '../measurement/extension-history.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Without a single measured set the host merged what it liked without asking: an empty log is not an empty set, which
 * would have been measured as one.
 */
export function checkGated({ sets }: ExtensionHistory): Reason[] {
  if (sets.size > 0) return [];
  return [reason('not-gated', 'The gate has not run since boot, so nothing is known of what is merged.')];
}

/** Checks that the claimed sets are exactly those the authenticated log ends with: same classes, order, everything. */
export function checkClaimedSets(claimed: readonly ClaimedSet[], history: ExtensionHistory): Reason[] {
  const classes = claimed.map((set) => set.class);
  if (new Set(classes).size !== classes.length)
    return [reason('set-mismatch', 'The claims name a class twice.')];
  const unclaimed = [...history.sets.keys()].filter((measured) => !classes.includes(measured));
  return [
    ...unclaimed.map((measured) =>
      reason('set-mismatch', `The claims leave out the ${measured} set that the log ends with.`),
    ),
    ...claimed.flatMap((set) => checkOne(set, history)),
  ];
}

function checkOne(claimed: ClaimedSet, history: ExtensionHistory): Reason[] {
  const measured = history.sets.get(claimed.class);
  if (measured === undefined) return [reason('set-mismatch', `The log has no ${claimed.class} set.`)];
  // Signatures are not in the log; each is verified by itself.
  const unsigned = {
    ...claimed,
    extensions: claimed.extensions.map((entry) => ({ ...entry, signature: null })),
  };
  if (canonicalJson(unsigned) === canonicalJson(toClaimedSet(measured, () => null))) return [];
  return [
    reason('set-mismatch', `The ${claimed.class} set in the claims is not the one that the log ends with.`),
  ];
}

/** Everything that speaks against what was measured, and against claims of something else. */
export function checkSets(history: ExtensionHistory, claimed: readonly ClaimedSet[]): Reason[] {
  return [
    ...history.violations.map((event) =>
      reason('violation', `The host recorded a violation: ${event.code} of ${event.class} ${event.name}.`),
    ),
    ...checkGated(history),
    ...checkClaimedSets(claimed, history),
  ];
}
