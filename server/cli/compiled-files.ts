import { basename, dirname, join, resolve } from 'node:path';

import { type CompiledFile, isCompiled } from '../../verifier/authoring/compiled-file.ts';
import { entryExists, kindOf } from '../os/directory.ts';
import { makeDirectory, readBounded, writeDurable } from '../os/durable-file.ts';
import { UsageError } from './output.ts';

const maximumFileBytes = 16 * 1024 * 1024;

/**
 * Writes compiled files below a directory, which is made if it is not there. Each is replaced in one step; none is, if in one of
 * their places is something that was not compiled.
 *
 * @throws UsageError in that case.
 * @throws CouldNotDecide if they cannot be written.
 */
export async function writeCompiled(directory: string, files: readonly CompiledFile[]): Promise<void> {
  const root = await makeDirectory('/', resolve(directory));
  const targets: { readonly target: string; readonly content: string }[] = [];
  for (const { path, content } of files) {
    // Links in the directory lead nowhere outside of it.
    const target = join(await makeDirectory(root, dirname(path)), basename(path));
    await checkReplaceable(target);
    targets.push({ target, content });
  }
  for (const { target, content } of targets) await writeDurable(target, Buffer.from(content), 0o644);
}

async function checkReplaceable(path: string): Promise<void> {
  if (!(await entryExists(path))) return;
  const compiled =
    (await kindOf(path)) === 'file' &&
    isCompiled(Buffer.from(await readBounded(path, maximumFileBytes, { noFollow: true })).toString('utf8'));
  if (!compiled) throw new UsageError(`${path} was not written by policy compile, and is left as it is`);
}
