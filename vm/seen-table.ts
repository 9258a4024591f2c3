import { readNote, type SeenRow } from './cases/seen.ts';

/** An event of node:test's runner, as its reporters get them. */
interface RunnerEvent {
  readonly type: string;
  readonly data: { readonly message?: string };
}

/** A reporter for node:test: at the end, one table of all that was noted by `note`. */
export default async function* seenTable(events: AsyncIterable<RunnerEvent>): AsyncGenerator<string> {
  const rows: SeenRow[] = [];
  for await (const { type, data } of events) {
    const row = type === 'test:diagnostic' ? readNote(data.message ?? '') : null;
    if (row !== null) rows.push(row);
  }
  const width = Math.max(5, ...rows.map(({ tried }) => tried.length));
  yield `\n${'TRIED'.padEnd(width)}  SEEN\n`;
  for (const { tried, seen } of rows) yield `${tried.padEnd(width)}  ${seen}\n`;
}
