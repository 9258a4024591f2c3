import { pino } from 'pino';

/** What a line of the log is about. Values are untrusted; none of them may be a secret. */
export interface LogFacts {
  /** `info` if not given; `debug` is for what happens every few seconds on a healthy host. */
  readonly level?: 'error' | 'warn' | 'info' | 'debug';
  readonly [name: string]: string | number | boolean | null | undefined;
}

/** Says one thing. */
export type Log = (message: string, facts?: LogFacts) => void;

/** Priorities of sd-daemon(3), which the journal takes off the beginning of a line. */
const priorities = { error: 3, warn: 4, info: 6, debug: 7 } as const;

/**
 * A log of JSON objects, one a line: `time`, `level`, `msg` and the facts. What is written is escaped, so that no text
 * from outside can begin a line of its own.
 *
 * @param options.journal puts the priority before each line, for a journal that takes it off again.
 * @param options.verbose writes `debug` lines, too.
 */
export function createLog(
  write: (line: string) => void,
  options: { readonly journal: boolean; readonly verbose: boolean },
): Log {
  let prefix = '';
  const logger = pino(
    {
      level: options.verbose ? 'debug' : 'info',
      base: null,
      // The journal has its own clock, and ours in microseconds beside it would be noise.
      timestamp: options.journal ? false : pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(prefix + line) },
  );
  return (message, { level = 'info', ...facts } = {}) => {
    if (options.journal) prefix = `<${priorities[level]}>`;
    logger[level](facts, message);
  };
}

/** Whether the journal reads our standard error (JOURNAL_STREAM of systemd.exec(5)). */
export function journalReadsStderr(stderr: {
  readonly dev: number | bigint;
  readonly ino: number | bigint;
}): boolean {
  return process.env['JOURNAL_STREAM'] === `${stderr.dev}:${stderr.ino}`;
}
