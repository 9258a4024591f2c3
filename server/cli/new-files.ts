import { open } from 'node:fs/promises';
import { resolve } from 'node:path';

import { faultPoint } from '#fault-point';

import { entryExists } from '../os/directory.ts';
import { readIfPresent } from '../os/durable-file.ts';
import { isErrno, systemFailure } from '../os/system-failure.ts';
import { UsageError } from './output.ts';

/** A file to be made. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Whether one that is there with just this text will do. */
  readonly mayExist: boolean;
}

const maximumBytes = 1024 * 1024;

/**
 * Makes files, in order. None that is there is changed, and none is made if one of them could not be.
 *
 * @throws UsageError if one is there; CouldNotDecide if it cannot be made.
 */
export async function writeNewFiles(files: readonly NewFile[]): Promise<void> {
  const missing: NewFile[] = [];
  for (const file of files) {
    if (!(await entryExists(file.path))) missing.push(file);
    else if (!file.mayExist || !(await hasText(file))) throw alreadyThere(file);
  }
  for (const file of missing) await writeNewFile(file);
}

async function hasText({ path, text }: NewFile): Promise<boolean> {
  const bytes = await readIfPresent('/', resolve(path), maximumBytes);
  return bytes !== null && Buffer.from(text).equals(bytes);
}

/**
 *     open(path, O_CREAT|O_EXCL)    fails if anything has come there meanwhile, a link too
 *     write, fsync                  a kill before this leaves a file that is not complete
 */
async function writeNewFile(file: NewFile): Promise<void> {
  try {
    faultPoint('create');
    const handle = await open(file.path, 'wx', 0o644);
    try {
      faultPoint('write');
      await handle.writeFile(file.text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw alreadyThere(file);
    throw systemFailure(`write ${file.path}`, error);
  }
}

function alreadyThere({ path }: NewFile): UsageError {
  return new UsageError(`${path} exists already, and is left as it is; give another name`);
}
