import { fstatSync } from 'node:fs';

import { createLog, journalReadsStderr, type Log } from '../os/structured-log.ts';
import { type Output, printable } from './output.ts';

/**
 * The log of a command that goes on for long: sentences on a terminal, JSON lines for the journal and everything else.
 *
 * @param options.verbose also what happens every few seconds on a healthy host.
 */
export function serviceLog(output: Output, options: { readonly verbose: boolean }): Log {
  if (output.terminal === true)
    return (message, { level = 'info', ...facts } = {}) => {
      if (level === 'debug' && !options.verbose) return;
      const more = Object.entries(facts)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ` ${name}=${String(value)}`);
      output.err(
        `touchstone: ${level === 'info' ? '' : `${level}: `}${printable(message + more.join(''))}\n`,
      );
    };
  return createLog(output.err, { journal: journalReadsStderr(fstatSync(2)), ...options });
}
