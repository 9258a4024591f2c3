import { chaseInRoot } from '../../os/chase.ts';
import { kindOf, listDirectory } from '../../os/directory.ts';

/**
 * The version of systemd that is installed below a root, by the name of its private library.
 *
 * @returns null if none is found: there is no systemd, or its library is elsewhere.
 */
export async function readSystemdVersion(root: string): Promise<number | null> {
  const found: number[] = [];
  const triplets = (await list(root, '/usr/lib')).filter((name) =>
    /^[a-z0-9_]+-linux-gnu[a-z0-9]*$/.test(name),
  );
  for (const directory of ['lib', 'lib64', ...triplets.map((name) => `lib/${name}`)])
    for (const name of await list(root, `/usr/${directory}/systemd`)) {
      const version = /^libsystemd-shared-([0-9]{1,6})\b.*\.so$/.exec(name)?.[1];
      if (version !== undefined) found.push(Number(version));
    }
  return found.length === 0 ? null : Math.max(...found);
}

async function list(root: string, path: string): Promise<string[]> {
  const directory = await chaseInRoot(root, path);
  return directory === null || !(await kindOf(directory)).endsWith('directory')
    ? []
    : listDirectory(directory);
}
