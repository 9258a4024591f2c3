import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Warning } from '../host/lint/warning.ts';
import { type Output, printable } from './output.ts';

/**
 * What a lint finds, said on stderr. A warning changes no answer, so that a lint which cannot look says so and is passed over.
 */
export async function warn(lint: Promise<readonly Warning[]>, { err }: Output): Promise<readonly Warning[]> {
  try {
    const warnings = await lint;
    for (const { code, message, path } of warnings)
      err(`touchstone: ${printable(`${path}: warning: ${message} (${code})`)}\n`);
    return warnings;
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    err(
      `touchstone: ${printable(`warning: ${error.message}, so what systemd ignores was not looked for`)}\n`,
    );
    return [];
  }
}
