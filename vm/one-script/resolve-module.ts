import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { z } from 'zod';

const descriptionShape = z.looseObject({ type: z.string().optional() });

/** The file that a specifier means in an importing file, as Node.js resolves it; null for one of Node's own modules. */
export function resolveModule(specifier: string, importer: string, kind: 'esm' | 'cjs'): string | null {
  if (isBuiltin(specifier)) return null;
  if (kind === 'cjs') return createRequire(importer).resolve(specifier);
  // The second argument takes effect with --experimental-import-meta-resolve.
  return fileURLToPath(import.meta.resolve(specifier, pathToFileURL(importer).href));
}

/** What Node.js takes a file for. */
export function moduleKind(path: string): 'esm' | 'cjs' | 'json' {
  const extension = extname(path);
  if (extension === '.json') return 'json';
  if (extension === '.mjs') return 'esm';
  if (extension === '.cjs') return 'cjs';
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const description = join(directory, 'package.json');
    if (existsSync(description)) {
      const { type } = descriptionShape.parse(JSON.parse(readFileSync(description, 'utf8')));
      return type === 'module' ? 'esm' : 'cjs';
    }
    if (directory === dirname(directory)) return 'cjs';
  }
}
