import { readFileSync } from 'node:fs';

import { z } from 'zod';

// From dist/server/cli/ as compiled.
const description = new URL('../../../package.json', import.meta.url);

/** The version of this program, as its package has it. */
export function productVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(description, 'utf8'));
  return z.object({ version: z.string() }).parse(parsed).version;
}
