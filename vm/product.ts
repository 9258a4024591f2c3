import { copyFile, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { run } from '../server/os/run.ts';

const lockShape = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** The directory that this file was compiled into a subdirectory of. */
const compiled = resolve(import.meta.dirname, '..');

/** What of it is not shipped, as package.json has it. */
const notShipped = /^server\/demo\/|\/tests\/|\.test\.|\.map$|\.d\.ts$/;

const scriptTimeoutMs = 10 * 60_000;
const nodeTimeoutMs = 60_000;

/**
 * Puts Touchstone into a directory as an installation has it, without its native addon: what runs, and its dependencies.
 * To start takes an emulated processor three times as long as it needs to, so the command is one script that has all the
 * modules in it, made of the same files, and what Node.js compiles of it is kept from one start to the next. With it goes, in
 * `bin`, the Node.js that runs this.
 *
 * `dist/server/cli/main-with-faults.js` is the same command with fault points in it that do something.
 */
export async function copyProduct(directory: string): Promise<void> {
  await copyFiles(directory);
  const at = (name: string): string => join(directory, 'dist/server', name);
  const script = (name: string): string => resolve(import.meta.dirname, 'one-script', name);
  await rename(at('cli/main.js'), at('cli/main-of-files.js'));
  await mkdir(at('os/tests'), { recursive: true });
  await copyFile(join(compiled, 'server/os/tests/fault-point.js'), at('os/tests/fault-point.js'));
  const scripts = [
    ...[at('cli/main-of-files.js'), directory, at('cli/main.script')],
    ...[at('os/fault-point.js'), at('os/tests/fault-point.js'), at('cli/main-with-faults.script')],
  ];
  const options = ['--experimental-import-meta-resolve', script('write-script.js'), ...scripts];
  await run(process.execPath, options, { timeoutMs: scriptTimeoutMs });
  await copyNode(join(directory, 'bin'));
  for (const name of ['main', 'main-with-faults'])
    await copyFile(script('start-script.js'), at(`cli/${name}.js`));
}

// An official build starts at a fifth of what Debian's costs. Its options are those of setup/vm/machine.sh, for the same reasons.
async function copyNode(directory: string): Promise<void> {
  await mkdir(directory);
  await copyFile(process.execPath, join(directory, 'node'));
  const { stderr } = await run(process.execPath, ['--jitless', '-e', '0'], { timeoutMs: nodeTimeoutMs });
  const options = stderr.length === 0 ? '--jitless' : '--jitless --no-expose-wasm';
  for (const name of ['touchstone', 'touchstone-with-faults']) {
    const main = `/product/dist/server/cli/main${name.slice('touchstone'.length)}.js`;
    const text = `#!/bin/sh\nexec /product/bin/node ${options} ${main} "$@"\n`;
    await writeFile(join(directory, name), text, { mode: 0o755 });
  }
}

async function copyFiles(directory: string): Promise<void> {
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
