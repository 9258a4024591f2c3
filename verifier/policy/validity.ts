/** When a rule is in force; null: without end on that side. */
export interface Validity {
  readonly notBefore: Date | null;
  readonly notAfter: Date | null;
}

const day = /^\d{4}-\d{2}-\d{2}$/;
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/**
 * Parses a day (`2027-01-31`, UTC) or a moment (`2027-01-31T12:00:00Z`).
 *
 * @param end what a day means: its first moment, or its last.
 * @returns null if it is neither, or does not exist: the 30th of February.
 */
export function parseMoment(text: string, end: 'first' | 'last'): Date | null {
  if (!day.test(text) && !moment.test(text)) return null;
  const start = day.test(text) ? `${text}T00:00:00Z` : text;
  const date = new Date(start);
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== start.replace('Z', '.000Z')) return null;
  return day.test(text) && end === 'last' ? new Date(date.getTime() + 24 * 60 * 60 * 1000 - 1) : date;
}

/** Whether a rule is in force. An invalid date on any side is a no. */
export function isInForce({ notBefore, notAfter }: Validity, now: Date): boolean {
  return (notBefore === null || notBefore <= now) && (notAfter === null || now <= notAfter);
}

/** When the rule is in force, in words that follow "is in force". */
export function explainValidity({ notBefore, notAfter }: Validity): string {
  const from = notBefore === null ? '' : ` from ${momentText(notBefore)}`;
  const until = notAfter === null ? '' : ` until ${momentText(notAfter)}`;
  return `${from}${until}`.trim();
}

/** A moment as people and policies write it, whatever it is. */
export function momentText(moment: Date): string {
  return Number.isNaN(moment.getTime()) ? 'no time at all' : moment.toISOString();
}
