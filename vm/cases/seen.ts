import type { TestContext } from 'node:test';

import { z } from 'zod';

const rowShape = z.strictObject({ tried: z.string(), seen: z.string() }).readonly();

/** One line of the table that the run ends with. */
export type SeenRow = z.infer<typeof rowShape>;

/** What marks the diagnostics that are rows of the table. */
const mark = 'seen: ';

/** Notes for the table at the end what was tried and what was seen. */
export function note(t: TestContext, tried: string, seen: string): void {
  t.diagnostic(`${mark}${JSON.stringify({ tried, seen: oneLine(seen) } satisfies SeenRow)}`);
}

/** The row that a diagnostic of node:test stands for; null if it is another. */
export function readNote(message: string): SeenRow | null {
  return message.startsWith(mark) ? rowShape.parse(JSON.parse(message.slice(mark.length))) : null;
}

/** Text in one line, of at most so many characters. */
export function oneLine(text: string, maximum = 240): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > maximum ? `${line.slice(0, maximum - 1)}…` : line;
}
