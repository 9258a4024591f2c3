import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { makeTemporaryDirectory, removeTemporaryDirectory } from '../server/os/private-directory.ts';
import { copyProduct } from './product.ts';

/** Files by absolute path in the guest. What is in a directory `bin` can be executed. */
export type GuestFiles = Readonly<Record<string, string | Uint8Array>>;

/** The command on the guest's PATH. */
const command = '#!/bin/sh\nexec node /payload/touchstone/dist/server/cli/main.js "$@"\n';

/**
 * Gives `use` a payload: Touchstone, which the guest has as a command, and the files, which it has from its first boot on.
 */
export async function withPayload<T>(files: GuestFiles, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeTemporaryDirectory();
  try {
    await copyProduct(join(directory, 'touchstone'));
    await writeGuestFiles(join(directory, 'root'), { '/usr/local/bin/touchstone': command, ...files });
    return await use(directory);
  } finally {
    await removeTemporaryDirectory(directory);
  }
}

async function writeGuestFiles(root: string, files: GuestFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, content);
    await chmod(path, name.includes('/bin/') ? 0o755 : 0o644);
  }
}
