import { imageStore, stateDirectory } from '../os/own-paths.ts';
import { marked, type PackagedFile } from './written-file.ts';

/** Directories of the host that only root may enter. The quarantine's are made with their first image. */
export const privateDirectories: readonly string[] = [
  stateDirectory,
  `${stateDirectory}/images`,
  imageStore('sysext'),
  imageStore('confext'),
];

/**
 * tmpfiles.d(5): keeps them there, and private. The merge units start before it is read, and what they need they make
 * themselves.
 */
export function temporaryFiles(): PackagedFile {
  const directories = [...privateDirectories, '/run/touchstone'];
  const lines = directories.map((path) => `d ${path} 0700 root root -`);
  return { path: '/etc/tmpfiles.d/touchstone.conf', content: marked(`${lines.join('\n')}\n`) };
}
