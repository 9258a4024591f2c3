import type { DirectoryCaseEntry } from './directory-group.ts';

/** What entries of the cases have where nothing else is said. */
const common = { uid: 0, gid: 0, inode: null, attributes: [] };

export type Given = Partial<Pick<DirectoryCaseEntry, 'mode' | 'uid' | 'gid' | 'inode' | 'attributes'>>;

export function directory(path: string, given: Given = {}): DirectoryCaseEntry {
  return { type: 'directory', path, mode: '0755', ...common, ...given };
}

export function file(path: string, content: string, given: Given = {}): DirectoryCaseEntry {
  return { type: 'file', path, content, mode: '0644', ...common, ...given };
}

export function link(path: string, target: string, given: Given = {}): DirectoryCaseEntry {
  return { type: 'link', path, target, mode: '0777', ...common, ...given };
}

export function device(
  path: string,
  [type, major, minor]: ['character-device' | 'block-device', number, number],
  given: Given = {},
): DirectoryCaseEntry {
  return { type, path, major, minor, mode: '0600', ...common, ...given };
}

export function fifo(path: string, given: Given = {}): DirectoryCaseEntry {
  return { type: 'fifo', path, mode: '0644', ...common, ...given };
}

export function socket(path: string, given: Given = {}): DirectoryCaseEntry {
  return { type: 'socket', path, mode: '0644', ...common, ...given };
}

export const top = directory('');
export const usr = [top, directory('usr')];
export const whiteout = ['character-device', 0, 0] satisfies Parameters<typeof device>[1];
