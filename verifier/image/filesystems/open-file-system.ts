import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { findFileSystems } from '../foreign-filesystem.ts';
import { openErofs } from './erofs.ts';
import { openExt4 } from './ext4.ts';
import type { FileSystem } from './file-system.ts';
import { openSquashfs } from './squashfs.ts';

const readers: ReadonlyMap<string, (source: ByteSource) => Promise<FileSystem>> = new Map([
  ['erofs', openErofs],
  ['squashfs', openSquashfs],
  ['ext', openExt4],
]);

/**
 * Opens the file system in an image, by its magic.
 *
 * @throws Malformed if it could be of more than one kind: systemd asks libblkid, which knows further marks.
 * @throws Unsupported for other kinds.
 */
export async function openFileSystem(source: ByteSource): Promise<FileSystem> {
  const names = [...new Set((await findFileSystems(source)).map(({ name }) => name))];
  const [name, ...others] = names;
  if (name === undefined) throw new Unsupported('file system', 'is of no kind that is known here');
  if (others.length > 0) throw new Malformed('file system', `could be any of ${names.join(', ')}`);
  const open = readers.get(name);
  if (open === undefined)
    throw new Unsupported('file system', `is ${name}; erofs, squashfs and ext4 are read`);
  return open(source);
}
