import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

const lockShape = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** The directory that this file was compiled into a subdirectory of. */
const compiled = resolve(import.meta.dirname, '..');

/** What of it is not shipped, as package.json has it. */
const notShipped = /^server\/demo\/|\/tests\/|\.test\.|\.map$|\.d\.ts$/;

/** Puts Touchstone into a directory as an installation has it, without its native addon: what runs, and its dependencies. */
export async function copyProduct(directory: string): Promise<void> {
  for (const part of ['server', 'verifier']) {
    await cp(join(compiled, part), join(directory, 'dist', part), {
      recursive: true,
      filter: (path) => !notShipped.test(relative(compiled, path)),
    });
  }
  for (const file of ['package.json', 'openapi.yaml']) await cp(file, join(directory, file));
  const lock = lockShape.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  for (const [path, { dev = false }] of Object.entries(lock.packages)) {
    // A package below another one comes with it.
    if (dev || path === '' || path.lastIndexOf('node_modules/') > 0) continue;
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await cp(path, join(directory, path), { recursive: true });
  }
}
