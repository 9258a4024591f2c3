import { Malformed, Unsupported } from '../verifier/bytes/failures.ts';
import { PolicyInvalid } from '../verifier/policy/policy-text.ts';

/** Whether a parser threw what it may throw on bad input; anything else is a bug. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Malformed || error instanceof Unsupported || error instanceof PolicyInvalid;
}

/** The value, or null if the input was refused. */
export function orRefused<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}
