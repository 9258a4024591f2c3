#!/usr/bin/env node
// Stands in for dist/server/cli/main.js on the product disk: runs the script beside it that has its name. What was compiled of
// that lies beside it as well; another Node.js than that was made for keeps what it compiled itself for the next start.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

import type { NodeModules } from './run-modules.ts';

const name = basename(import.meta.filename, '.js');
const filename = resolve(import.meta.dirname, `${name}.script`);

/** Another version, option or command compiles other functions. */
const words = [name, process.version, ...process.execArgv, process.argv[2]];
const kept = `/var/cache/touchstone-script/${words.join('+').replaceAll('/', '-')}`;

const shipped = resolve(
  import.meta.dirname,
  ['compiled', name, process.version, ...process.execArgv].join('+'),
);

function readCompiled(): Buffer | undefined {
  const path = [shipped, kept].find((path) => existsSync(path));
  return path === undefined ? undefined : readFileSync(path);
}

function keep(): void {
  const begun = `${kept}.${process.pid}`;
  try {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(begun, script.createCachedData());
    renameSync(begun, kept);
  } catch {
    // Where it may write nothing, each start takes longer.
  }
}

const cachedData = readCompiled();
const script = new Script(readFileSync(filename, 'utf8'), {
  filename,
  ...(cachedData === undefined ? {} : { cachedData }),
});
if (cachedData === undefined || script.cachedDataRejected === true) process.on('exit', keep);

type Start = (root: string, node: NodeModules) => Promise<void>;
// The value of the script, which write-script.ts makes so.
const start = script.runInThisContext() as Start;
await start(resolve(import.meta.dirname, '../../..'), {
  require: createRequire(import.meta.url),
  fileUrl: (path: string) => pathToFileURL(path).href,
});
