import { maximumProblems, type PolicyProblem } from './document.ts';

/** A policy file, or one that belongs to it, cannot be used. `problems` has what was found, in the order of the file. */
export class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    const sorted = [...problems].sort((a, b) => a.at.localeCompare(b.at, 'en', { numeric: true }));
    const shown = sorted.slice(0, maximumProblems);
    super(shown.map(({ at, message }) => `${at}: ${message}`).join('\n'));
    this.problems = shown;
  }
}

const maximumBytes = 1024 * 1024;

/** The text of a file. @throws PolicyInvalid if it is larger than 1 MiB or not UTF-8. */
export function decodePolicyText(bytes: Uint8Array, path: string): string {
  const refuse = (message: string): PolicyInvalid => new PolicyInvalid([{ message, at: `${path}:1:1` }]);
  if (bytes.length > maximumBytes) throw refuse(`the file is larger than ${maximumBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse('the file is not UTF-8');
  }
}
