import type { PolicyProblem } from '../policy/document.ts';
import { PolicyInvalid } from '../policy/policy-text.ts';

/**
 * Something to look at in a policy. `error`: no command takes the policy, or a trust set of it vouches for nobody. `warning`: the
 * policy is taken, and hardly means what it says.
 */
export interface CheckProblem extends PolicyProblem {
  readonly severity: 'error' | 'warning';
}

/** A policy of any kind and all there is to say about it. */
export interface CheckedPolicy {
  /** Null if it cannot be used; `mode` is null where its kind has none. */
  readonly policy: {
    readonly name: string;
    readonly version: number;
    readonly sha256: string;
    readonly mode: 'enforce' | 'audit' | null;
  } | null;
  /** In the order of the file. */
  readonly problems: readonly CheckProblem[];
}

/**
 * What there is to say of a policy that was read. Where it is not valid that alone is said: the rest would be guesses.
 *
 * @param read throws `PolicyInvalid` if it is not.
 */
export async function collectProblems(
  read: () => CheckedPolicy | Promise<CheckedPolicy>,
): Promise<CheckedPolicy> {
  try {
    const { policy, problems } = await read();
    return { policy, problems: [...problems].sort(inOrder) };
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    const problems = error.problems.map((one) => ({ severity: 'error' as const, ...one }));
    return { policy: null, problems: problems.sort(inOrder) };
  }
}

function inOrder(a: CheckProblem, b: CheckProblem): number {
  const [one, other] = [positionOf(a.at), positionOf(b.at)];
  return one.line - other.line || one.column - other.column;
}

/** What a policy is checked against besides its own text. */
export interface CheckCircumstances {
  readonly now: Date;
  /** What expires in so many days is warned of. */
  readonly withinDays: number;
  /** The images that the policy is for; null: not known. */
  readonly images: readonly { readonly class: 'sysext' | 'confext'; readonly name: string }[] | null;
}

export function warning(message: string, at: string): CheckProblem {
  return { severity: 'warning', message, at };
}

/** Line and column, both from 1, of a place as `PolicyProblem` has it. */
export function positionOf(at: string): { readonly line: number; readonly column: number } {
  const [, line = '1', column = '1'] = /:(\d+):(\d+)$/.exec(at) ?? [];
  return { line: Number(line), column: Number(column) };
}

const dayMs = 24 * 60 * 60 * 1000;

/** Whether something ends in the days to come that are warned of; it has not ended yet. */
export function endsSoon(end: Date, { now, withinDays }: CheckCircumstances): boolean {
  return end.getTime() - now.getTime() < withinDays * dayMs;
}

/** How long something lasts from now on, in words that follow "expires": `in 12 days, on 2027-01-31T00:00:00.000Z`. */
export function untilText(end: Date, now: Date): string {
  const days = Math.floor((end.getTime() - now.getTime()) / dayMs);
  const when = days < 1 ? 'in less than a day' : days === 1 ? 'in a day' : `in ${days} days`;
  return `${when}, on ${end.toISOString()}`;
}
