import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

import type { Warning } from '../warning.ts';

/** What a path is: text of a file, `{ link }`, or null for a directory. */
export type Entry = string | { readonly link: string } | null;

/** A host under a temporary directory that goes with the test. */
export function makeHost(context: TestContext, entries: Readonly<Record<string, Entry>>): string {
  const root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, entry] of Object.entries(entries)) {
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    if (entry === null) mkdirSync(place, { recursive: true });
    else if (typeof entry === 'string') writeFileSync(place, entry);
    else symlinkSync(entry.link, place);
  }
  return root;
}

/** `CODE PATH` of each warning, sorted. */
export function shown(warnings: readonly Warning[]): string[] {
  return warnings.map(({ code, path }) => `${code} ${path}`).sort();
}
