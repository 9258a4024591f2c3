import { compareVersions } from '../image/version-order.ts';

/** Versions that a rule accepts: every comparison holds. */
export interface VersionRange {
  /** As the policy has it. */
  readonly text: string;
  readonly comparisons: readonly Comparison[];
}

interface Comparison {
  readonly operator: keyof typeof operators;
  readonly version: string;
}

const operators = {
  '>=': (order: number) => order >= 0,
  '<=': (order: number) => order <= 0,
  '!=': (order: number) => order !== 0,
  '>': (order: number) => order > 0,
  '<': (order: number) => order < 0,
  '=': (order: number) => order === 0,
} as const;

const maximumComparisons = 8;
// What UAPI.10 "Version Comparison" lets a version consist of, and the separators it allows besides.
const comparison = /^(>=|<=|!=|>|<|=) *([A-Za-z0-9~^.+_-]{1,255})$/;

/**
 * Parses comparisons of versions, with commas between them, all of which must hold: `>= 2.1, < 3`.
 *
 * @returns a sentence's end that says what is wrong, if anything is.
 */
export function parseVersionRange(text: string): VersionRange | string {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > maximumComparisons) return `has more than ${maximumComparisons} comparisons`;
  const comparisons: Comparison[] = [];
  for (const part of parts) {
    const [, operator, version] = comparison.exec(part) ?? [];
    if (!isOperator(operator) || version === undefined)
      return `is not a version range: write for example ">= 2.1" or ">= 2.1, < 3"`;
    comparisons.push({ operator, version });
  }
  return { text, comparisons };
}

/** Whether a version is in the range, by systemd's order of versions. The empty version, which is none, is in no range. */
export function isInRange({ comparisons }: VersionRange, version: string): boolean {
  return (
    version !== '' &&
    comparisons.every((one) => operators[one.operator](compareVersions(version, one.version)))
  );
}

function isOperator(text: string | undefined): text is keyof typeof operators {
  return text !== undefined && Object.hasOwn(operators, text);
}
