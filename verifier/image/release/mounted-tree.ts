import type { Designator } from '../partition-types.ts';
import type { Directory, FileSystem } from '../filesystems/file-system.ts';

/**
 * The tree as systemd mounts it before it looks into it: a root partition is the root; a usr partition is /usr in a root
 * with nothing else, so that its links, which may be absolute, lead where they will.
 */
export function asMounted(fileSystem: FileSystem, designator: Designator): FileSystem {
  return designator === 'root' ? fileSystem : { type: fileSystem.type, root: rootWithUsr(fileSystem.root) };
}

function rootWithUsr(usr: Directory): Directory {
  return {
    kind: 'directory',
    xattr: () => Promise.resolve(null),
    lookup: (name) => Promise.resolve(name === 'usr' ? usr : null),
    names: () => Promise.resolve(['usr']),
  };
}
