import { CouldNotDecide, Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import { type ExitCode, exitCodes, UsageError } from './output.ts';

export interface Failure {
  /** Ours alone are ends of lines: one in a line is the input's, and must not begin another. */
  readonly lines: readonly string[];
  readonly code: ExitCode;
}

/** What a failed command says and exits with. Never a stack: what the user can do about it is in the message. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof PolicyInvalid) {
    const lines = error.problems.map(({ at, message }) => `${at}: ${message}`);
    return { lines, code: exitCodes.usage };
  }
  const { message, code } = describeOther(error);
  return { lines: [message], code };
}

function describeOther(error: unknown): { readonly message: string; readonly code: ExitCode } {
  if (error instanceof UsageError) return { message: error.message, code: exitCodes.usage };
  // A file the user named (an identity document, a certificate) that does not parse is a usage error, too.
  if (error instanceof Malformed || error instanceof Unsupported) {
    return { message: error.message, code: exitCodes.usage };
  }
  if (error instanceof CouldNotDecide) return { message: error.message, code: exitCodes.couldNotDecide };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { message: `internal error: ${message}`, code: exitCodes.couldNotDecide };
}
