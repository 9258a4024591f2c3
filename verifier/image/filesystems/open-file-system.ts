import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';
import { findFileSystems } from '../foreign-filesystem.ts';
import { openErofs } from './erofs.ts';
import { openExt4 } from './ext4.ts';
import type { FileSystem } from './file-system.ts';
import { openSquashfs } from './squashfs.ts';

interface Magic {
  readonly name: string;
  readonly offset: number;
  readonly bytes: Buffer;
}

function magic(name: string, bytes: string, offset: number): Magic {
  return { name, offset, bytes: Buffer.from(bytes, 'latin1') };
}

const readers: readonly (Magic & { readonly open: (source: ByteSource) => Promise<FileSystem> })[] = [
  { ...magic('squashfs', 'hsqs', 0), open: openSquashfs },
  { ...magic('erofs', '\xe2\xe1\xf5\xe0', 1024), open: openErofs },
  { ...magic('ext4', '\x53\xef', 1080), open: openExt4 },
];

/** What findFileSystems() does not know, because it cannot be where there is a partition table. */
const others: readonly Magic[] = [
  magic('vfat', 'FAT', 54),
  magic('vfat', 'FAT32', 82),
  magic('exfat', 'EXFAT', 3),
  magic('ntfs', 'NTFS', 3),
];

/**
 * Opens the file system in an image, by its magic.
 *
 * @throws Malformed if it could be of more than one kind that is read: who mounts it may take another.
 * @throws Unsupported for other kinds.
 */
export async function openFileSystem(source: ByteSource): Promise<FileSystem> {
  const [reader, ...more] = await having(source, readers);
  if (more.length > 0) {
    const names = [reader, ...more].map((one) => one?.name);
    throw new Malformed('file system', `could be any of ${names.join(', ')}`);
  }
  if (reader !== undefined) return reader.open(source);
  const [other] = [...(await findFileSystems(source)), ...(await having(source, others))];
  throw new Unsupported('file system', `is ${other?.name ?? 'of no kind that is known here'}`);
}

async function having<Kind extends Magic>(source: ByteSource, kinds: readonly Kind[]): Promise<Kind[]> {
  const found: Kind[] = [];
  for (const kind of kinds) {
    const { offset, bytes } = kind;
    if (offset + bytes.length > source.size) continue;
    if (bytes.equals(await readExtent(source, 'image', { offset, length: bytes.length }))) found.push(kind);
  }
  return found;
}
