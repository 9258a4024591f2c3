import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { maximumDirectoryBytes, maximumTargetBytes, parseLinkTarget } from './entry-names.ts';
import { readErofsAttribute } from './erofs-attributes.ts';
import { type ErofsVolume, readErofsData } from './erofs-data.ts';
import { parseErofsDirectory } from './erofs-directory.ts';
import { type ErofsInode, readErofsInode } from './erofs-inode.ts';
import { ErofsPackedInode } from './erofs-packed-inode.ts';
import { readErofsSuperblock } from './erofs-superblock.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';
import { ParsedDirectories } from './parsed-directories.ts';

/**
 * Opens an EROFS image (the kernel's Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h), compressed or not.
 *
 * @throws Malformed | Unsupported
 */
export async function openErofs(source: ByteSource): Promise<FileSystem> {
  const superblock = await readErofsSuperblock(source);
  const volume = { source, superblock, packed: new ErofsPackedInode(source, superblock) };
  const context = { volume, directories: new ParsedDirectories<number, number>() };
  const root = await openInode(context, superblock.rootInode);
  if (root.kind !== 'directory') throw new Malformed('erofs root inode', 'is not a directory');
  return { type: 'erofs', root };
}

interface ErofsContext {
  readonly volume: ErofsVolume;
  readonly directories: ParsedDirectories<number, number>;
}

async function openInode(context: ErofsContext, number: number): Promise<FileSystemNode> {
  const { source, superblock } = context.volume;
  const inode = await readErofsInode(source, superblock, number);
  const xattr = (name: string) => readErofsAttribute(source, superblock, inode, name);
  const read = (maximumBytes: number) => readErofsData(context.volume, inode, maximumBytes);
  switch (inode.type) {
    case 0o100000:
      return { kind: 'file', size: inode.size, read, xattr };
    case 0o120000:
      return {
        kind: 'link',
        target: async () => parseLinkTarget(await read(maximumTargetBytes), inode.name),
        xattr,
      };
    case 0o040000:
      return { ...directory(context, inode), xattr };
    case 0o020000:
    case 0o060000:
    case 0o010000:
    case 0o140000:
      return { kind: 'special', xattr };
    default:
      throw new Malformed(`${inode.name}: mode`, 'is of no type of file');
  }
}

function directory(context: ErofsContext, inode: ErofsInode): Omit<Directory, 'xattr'> {
  const { volume, directories } = context;
  const entries = () =>
    directories.read(inode.number, inode.size, async () => {
      const bytes = await readErofsData(volume, inode, maximumDirectoryBytes);
      return parseErofsDirectory(bytes, volume.superblock.blockSize, inode.name);
    });
  return {
    kind: 'directory',
    lookup: async (name) => {
      const number = (await entries()).get(name);
      return number === undefined ? null : openInode(context, number);
    },
    names: async (maximumEntries) => (await entries()).names(maximumEntries),
  };
}
