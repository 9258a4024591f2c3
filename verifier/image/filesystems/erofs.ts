import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { maximumDirectoryBytes, maximumTargetBytes, parseLinkTarget } from './entry-names.ts';
import { readErofsAttribute } from './erofs-attributes.ts';
import { readErofsData } from './erofs-data.ts';
import { parseErofsDirectory } from './erofs-directory.ts';
import { type ErofsInode, readErofsInode } from './erofs-inode.ts';
import { type ErofsSuperblock, readErofsSuperblock } from './erofs-superblock.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';
import { ParsedDirectories } from './parsed-directories.ts';

/**
 * Opens an EROFS image (the kernel's Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h): everything but compressed
 * files, which mkfs.erofs makes of no file that fits in a block unless it packs tails or fragments.
 *
 * @throws Malformed | Unsupported
 */
export async function openErofs(source: ByteSource): Promise<FileSystem> {
  const superblock = await readErofsSuperblock(source);
  const context = { source, superblock, directories: new ParsedDirectories<number, number>() };
  const root = await openInode(context, superblock.rootInode);
  if (root.kind !== 'directory') throw new Malformed('erofs root inode', 'is not a directory');
  return { type: 'erofs', root };
}

interface ErofsContext {
  readonly source: ByteSource;
  readonly superblock: ErofsSuperblock;
  readonly directories: ParsedDirectories<number, number>;
}

async function openInode(context: ErofsContext, number: number): Promise<FileSystemNode> {
  const { source, superblock } = context;
  const inode = await readErofsInode(source, superblock, number);
  const xattr = (name: string) => readErofsAttribute(source, superblock, inode, name);
  const read = (maximumBytes: number) => readErofsData(source, superblock, inode, maximumBytes);
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
  const { source, superblock, directories } = context;
  const entries = () =>
    directories.read(inode.number, inode.size, async () => {
      const bytes = await readErofsData(source, superblock, inode, maximumDirectoryBytes);
      return parseErofsDirectory(bytes, superblock.blockSize, inode.name);
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
