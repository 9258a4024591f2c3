/**
 * Rules of the interface. The answer goes to stdout: text for people, or with --json one document and nothing else.
 * Progress, warnings and errors go to stderr, begin with `touchstone: ` and say what was wrong, where, and what to do.
 * Whatever comes from a file, a host or the network is made printable first, so that no name can move the cursor.
 */

/** Exit codes of every command; callers treat all but `yes` as no. */
export const exitCodes = { yes: 0, no: 1, usage: 2, couldNotDecide: 3 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Where a command writes. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal, which can show progress. */
  readonly terminal?: boolean;
}

/** Untrusted text with control characters, bidirectional overrides and the like written as escapes. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\u2028\u2029]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}

/** Lines of `label  value`, the labels padded to one width. */
export function fields(pairs: readonly (readonly [label: string, value: string])[], indent: string): string {
  const width = Math.max(...pairs.map(([label]) => label.length));
  return pairs.map(([label, value]) => `${indent}${label.padEnd(width)}  ${printable(value)}\n`).join('');
}

/** A JSON document as the commands print it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A usage or configuration mistake: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
