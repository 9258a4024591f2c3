import { compareVersions } from '../image/version-order.ts';
import type { VersionRange } from './version-range.ts';

type Comparison = VersionRange['comparisons'][number];

const lower: ReadonlySet<string> = new Set(['>', '>=', '=']);
const upper: ReadonlySet<string> = new Set(['<', '<=', '=']);

/**
 * Two comparisons of a range that no version can fulfil both; null if none were found. That there are two is certain; without
 * them the range may be empty all the same, for want of a version between two that follow each other.
 */
export function findContradiction({ comparisons }: VersionRange): readonly [Comparison, Comparison] | null {
  for (const one of comparisons)
    for (const other of comparisons) if (contradict(one, other)) return [one, other];
  return null;
}

function contradict(one: Comparison, other: Comparison): boolean {
  const order = compareVersions(one.version, other.version);
  if (lower.has(one.operator) && upper.has(other.operator) && order > 0) return true;
  if (order !== 0) return false;
  return (
    (one.operator === '=' && other.operator === '!=') ||
    (one.operator === '>' && upper.has(other.operator)) ||
    (lower.has(one.operator) && other.operator === '<')
  );
}
