import type { Reason, ReasonCode } from '../reasons.ts';

/** Of an appraisal. Only the first is a yes. */
export type Answer = 'trustworthy' | 'not-trustworthy' | 'undecided';

/**
 * What keeps a verifier from an answer, without anything that speaks against the host: a log with a gap, an event of the
 * boot that may be another, a merge on its way, revocation lists that are late, a fact that the evidence does not tell. Whoever is called by a no can
 * tell these from an attack; whoever lets hosts in treats both alike.
 */
const undecidable: ReadonlySet<ReasonCode> = new Set([
  'log-incomplete',
  'boot-event-unknown',
  'firmware-log-unknown',
  'log-prefix-unknown',
  'revocation-unknown',
  'fact-unknown',
  'merge-pending',
]);

/** The answer that follows from all that was found against a host and its extensions. */
export function answerOf(reasons: readonly Reason[]): Answer {
  if (reasons.length === 0) return 'trustworthy';
  return reasons.every(({ code }) => undecidable.has(code)) ? 'undecided' : 'not-trustworthy';
}
