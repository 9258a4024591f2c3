import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { maximumDirectoryBytes, maximumTargetBytes, parseLinkTarget } from './entry-names.ts';
import { readExt4Attribute } from './ext4-attributes.ts';
import { readExt4Data, readInline } from './ext4-data.ts';
import { parseExt4Directory, parseInlineDirectory } from './ext4-directory.ts';
import { type Ext4Inode, readExt4Inode } from './ext4-inode.ts';
import { type Ext4Superblock, readExt4Superblock } from './ext4-superblock.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';

const rootInode = 2;

/**
 * Opens an ext4 image, or one of ext2 and ext3, which the same driver mounts (the kernel's Documentation/filesystems/ext4).
 *
 * @throws Malformed | Unsupported
 */
export async function openExt4(source: ByteSource): Promise<FileSystem> {
  const superblock = await readExt4Superblock(source);
  const root = await openInode(source, superblock, rootInode);
  if (root.kind !== 'directory') throw new Malformed('ext4 root inode', 'is not a directory');
  return { type: 'ext4', root };
}

async function openInode(
  source: ByteSource,
  superblock: Ext4Superblock,
  number: number,
): Promise<FileSystemNode> {
  const inode = await readExt4Inode(source, superblock, number);
  const { blockSize } = superblock;
  const xattr = (name: string) => readExt4Attribute(source, blockSize, inode, name);
  const read = (maximumBytes: number) => readExt4Data(source, blockSize, inode, maximumBytes);
  switch (inode.type) {
    case 0o100000:
      return { kind: 'file', size: inode.size, read, xattr };
    case 0o120000:
      return {
        kind: 'link',
        target: async () => parseLinkTarget(await readTarget(inode, read), inode.name),
        xattr,
      };
    case 0o040000:
      return { ...directory(source, superblock, inode), xattr };
    case 0o020000:
    case 0o060000:
    case 0o010000:
    case 0o140000:
      return { kind: 'special', xattr };
    default:
      throw new Malformed(`${inode.name}: mode`, 'is of no type of file');
  }
}

/** Short targets stand where the block numbers would be. */
async function readTarget(
  inode: Ext4Inode,
  read: (maximumBytes: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const isShort = inode.layout === 'map' && inode.size < inode.block.length;
  return isShort ? inode.block.subarray(0, inode.size) : read(maximumTargetBytes);
}

function directory(
  source: ByteSource,
  superblock: Ext4Superblock,
  inode: Ext4Inode,
): Omit<Directory, 'xattr'> {
  const entries = async () => {
    if (inode.layout === 'inline')
      return parseInlineDirectory(readInline(inode), superblock.hasFileTypes, inode.name);
    const bytes = await readExt4Data(source, superblock.blockSize, inode, maximumDirectoryBytes);
    return parseExt4Directory(bytes, superblock, inode.name);
  };
  return {
    kind: 'directory',
    lookup: async (name) => {
      const number = (await entries()).get(name);
      return number === undefined ? null : openInode(source, superblock, number);
    },
    names: async (maximumEntries) => (await entries()).names(maximumEntries),
  };
}
