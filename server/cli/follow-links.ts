import { realpath } from 'node:fs/promises';

/** A path that the user named, with all links followed; as it is where that fails, so that opening it says why. */
export function followLinks(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
