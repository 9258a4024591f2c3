import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { makeTemporaryDirectory, removeTemporaryDirectory } from '../server/os/private-directory.ts';

/** Files by absolute path in the guest. What is in a directory `bin` or `sbin` can be executed; a `.key` is for root only. */
export type GuestFiles = Readonly<Record<string, string | Uint8Array>>;

/** Gives `use` a payload: the files, which the guest has from its first boot on. */
export async function withPayload<T>(files: GuestFiles, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeTemporaryDirectory();
  try {
    await writeGuestFiles(join(directory, 'root'), files);
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
    await chmod(path, /\/s?bin\//.test(name) ? 0o755 : name.endsWith('.key') ? 0o600 : 0o644);
  }
}
