import { copyFile, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { run } from '../server/os/run.ts';

const lockShape = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** The directory that this file was compiled into a subdirectory of. */
const compiled = resolve(import.meta.dirname, '..');

const oneScript = (name: string): string => resolve(import.meta.dirname, 'one-script', name);

/** What of it is not shipped, as package.json has it. */
const notShipped = /^server\/demo\/|\/tests\/|\.test\.|\.map$|\.d\.ts$/;

const scriptTimeoutMs = 10 * 60_000;
const nodeTimeoutMs = 60_000;

/**
 * Puts Touchstone into a directory as an installation has it, without its native addon: what runs, and its dependencies.
 * To start takes an emulated processor three times as long as it needs to, so the command is one script that has all the
 * modules in it, made of the same files. With it goes, in `bin`, the Node.js that runs this, and what that compiled of the
 * script.
 *
 * `dist/server/cli/main-with-faults.js` is the same command with fault points in it that do something.
 */
export async function copyProduct(directory: string): Promise<void> {
  const at = (name: string): string => join(directory, 'dist/server', name);
  await mkdir(at('cli'), { recursive: true });
  await Promise.all([copyFiles(directory), writeScripts(at('cli')), copyNode(join(directory, 'bin'))]);
  await compileScripts(at('cli'));
  await rename(at('cli/main.js'), at('cli/main-of-files.js'));
  for (const name of ['main', 'main-with-faults'])
    await copyFile(oneScript('start-script.js'), at(`cli/${name}.js`));
}

/** Of the files here, which are those that are copied. */
async function writeScripts(directory: string): Promise<void> {
  const at = (name: string): string => join(compiled, 'server', name);
  const scripts = [
    ...[at('cli/main.js'), dirname(compiled), join(directory, 'main.script')],
    ...[at('os/fault-point.js'), at('os/tests/fault-point.js'), join(directory, 'main-with-faults.script')],
  ];
  const options = ['--experimental-import-meta-resolve', oneScript('write-script.js'), ...scripts];
  await run(process.execPath, options, { timeoutMs: scriptTimeoutMs });
}

/** Without machine code there is no WebAssembly either; Node.js 20 wants that said, or warns. */
async function commandOptions(): Promise<string[]> {
  const { stderr } = await run(process.execPath, ['--jitless', '-e', '0'], { timeoutMs: nodeTimeoutMs });
  return stderr.length === 0 ? ['--jitless'] : ['--jitless', '--no-expose-wasm'];
}

// An official build starts at a fifth of what Debian's costs. Its options are those of setup/vm/machine.sh, for the same reasons.
async function copyNode(directory: string): Promise<void> {
  await mkdir(directory);
  await copyFile(process.execPath, join(directory, 'node'));
  const options = (await commandOptions()).join(' ');
  for (const name of ['touchstone', 'touchstone-with-faults']) {
    const main = `/product/dist/server/cli/main${name.slice('touchstone'.length)}.js`;
    const text = `#!/bin/sh\nexec /product/bin/node ${options} ${main} "$@"\n`;
    await writeFile(join(directory, name), text, { mode: 0o755 });
  }
}

/** For each way in which the guest starts them: as commands, as the endpoint and as what guards systemd's units. */
async function compileScripts(directory: string): Promise<void> {
  const command = await commandOptions();
  const starts: [string, string[]][] = [
    ['main', command],
    ['main', ['--jitless']],
    ['main', []],
    ['main-with-faults', command],
  ];
  await Promise.all(
    starts.map(([name, options]) => {
      const kept = join(directory, ['compiled', name, process.version, ...options].join('+'));
      const args = [...options, oneScript('compile-script.js'), join(directory, `${name}.script`), kept];
      return run(process.execPath, args, { timeoutMs: scriptTimeoutMs });
    }),
  );
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
  const packages = Object.entries(lock.packages).filter(
    // A package below another one comes with it.
    ([path, { dev = false }]) => !dev && path !== '' && path.lastIndexOf('node_modules/') === 0,
  );
  await Promise.all(packages.map(([path]) => cp(path, join(directory, path), { recursive: true })));
}
