import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { moduleKind, resolveModule } from './resolve-module.ts';
import { translateCjs, translateEsm, type TranslatedModule } from './translate-module.ts';

/**
 * Makes one script of a module and all that it imports, now or later: an expression whose value is a function that takes
 * the directory `root` stands for at run time, and Node's `require` and `fileUrl` (see run-modules.ts).
 *
 * @param root an absolute directory with all of them in it.
 * @param instead paths of modules that others stand in for.
 */
export function makeScript(entry: string, root: string, instead: ReadonlyMap<string, string>): string {
  const texts: string[] = [];
  const waiting = [entry];
  const seen = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const module = translate(path);
    const dependencies: Record<string, string> = {};
    for (const specifier of new Set(module.specifiers)) {
      const found = resolveFrom(specifier, path, module.kind);
      if (found === null) continue;
      const target = instead.get(found) ?? found;
      dependencies[specifier] = relative(root, target);
      if (!seen.has(target)) waiting.push(target);
      seen.add(target);
    }
    texts.push(moduleText(relative(root, path), module, dependencies, path === entry));
  }
  const runtime = translateEsm(readFileSync(new URL('run-modules.js', import.meta.url), 'utf8'));
  return `(function (root, node) {
const runtime = {};
(function (exports) {${runtime.body}})(runtime);
return runtime.runModules({
${texts.join('')}}, ${JSON.stringify(relative(root, entry))}, root, node);
})`;
}

const translated = new Map<string, TranslatedModule>();

function translate(path: string): TranslatedModule {
  const module = translated.get(path) ?? translateFile(path);
  translated.set(path, module);
  return module;
}

function translateFile(path: string): TranslatedModule {
  const text = readFileSync(path, 'utf8');
  const kind = moduleKind(path);
  if (kind === 'esm') return translateEsm(text);
  if (kind === 'cjs') return translateCjs(text);
  return { kind: 'cjs', body: `module.exports = ${text}`, specifiers: [] };
}

function resolveFrom(specifier: string, importer: string, kind: 'esm' | 'cjs'): string | null {
  try {
    return resolveModule(specifier, importer, kind);
  } catch (error) {
    // Some CommonJS modules try what need not be there.
    if (kind === 'cjs') return null;
    throw new CouldNotDecide(`${importer} imports ${specifier}, which is not there`, { cause: error });
  }
}

function moduleText(
  id: string,
  { kind, body }: TranslatedModule,
  dependencies: Readonly<Record<string, string>>,
  isEntry: boolean,
): string {
  const parameters = kind === 'esm' ? 'importMeta' : '__filename, __dirname';
  // Only where everything begins may be waited for something.
  const run = `${isEntry ? 'async ' : ''}function (exports, require, module, ${parameters}) {`;
  return `${JSON.stringify(id)}: { kind: '${kind}', dependencies: ${JSON.stringify(dependencies)}, run: ${run}
${body}
} },
`;
}

// `write-script.js ENTRY ROOT SCRIPT MODULE INSTEAD SCRIPT`: one script as it is, and one with a module in place of another.
const [entry = '', root = '', script = '', module = '', instead = '', other = ''] = process.argv.slice(2);
writeFileSync(script, makeScript(entry, root, new Map()));
writeFileSync(other, makeScript(entry, root, new Map([[module, instead]])));
