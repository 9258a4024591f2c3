import { Malformed } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import { parseLinkTarget } from './entry-names.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';
import { ParsedDirectories } from './parsed-directories.ts';
import { readSquashfsAttribute } from './squashfs-attributes.ts';
import { readSquashfsFile, type SquashfsContext } from './squashfs-data.ts';
import { readSquashfsDirectory } from './squashfs-directory.ts';
import { readSquashfsInode, type SquashfsInode } from './squashfs-inode.ts';
import { SquashfsMetadata } from './squashfs-metadata.ts';
import { readSquashfsSuperblock } from './squashfs-superblock.ts';

/**
 * Opens a squashfs 4.0 image (the kernel's Documentation/filesystems/squashfs.rst and fs/squashfs) that is compressed by gzip,
 * lz4 or zstd.
 *
 * @throws Malformed | Unsupported
 */
export async function openSquashfs(source: ByteSource): Promise<FileSystem> {
  const superblock = await readSquashfsSuperblock(source);
  const context = {
    ...{ source, superblock, metadata: new SquashfsMetadata(source, superblock.compressor) },
    directories: new ParsedDirectories<bigint, bigint>(),
  };
  const root = await openInode(context, superblock.rootInode);
  if (root.kind !== 'directory') throw new Malformed('squashfs root inode', 'is not a directory');
  return { type: 'squashfs', root };
}

interface OpenSquashfs extends SquashfsContext {
  readonly directories: ParsedDirectories<bigint, bigint>;
}

async function openInode(context: OpenSquashfs, reference: bigint): Promise<FileSystemNode> {
  const inode = await readSquashfsInode(context.metadata, context.superblock, reference);
  const { name, attributes } = inode;
  const xattr = async (attribute: string) =>
    attributes === null ? null : readSquashfsAttribute(context, attributes, attribute);
  switch (inode.kind) {
    case 'file':
      return { ...inode, read: (maximumBytes) => readSquashfsFile(context, inode, maximumBytes), xattr };
    case 'link':
      return {
        kind: 'link',
        target: () => Promise.resolve().then(() => parseLinkTarget(inode.target, name)),
        xattr,
      };
    case 'directory':
      return { ...directory(context, reference, inode), xattr };
    case 'special':
      return { kind: 'special', xattr };
  }
}

function directory(
  context: OpenSquashfs,
  reference: bigint,
  inode: Extract<SquashfsInode, { kind: 'directory' }>,
): Omit<Directory, 'xattr'> {
  const { metadata, directories } = context;
  const entries = () =>
    directories.read(reference, inode.length, () => readSquashfsDirectory(metadata, inode));
  return {
    kind: 'directory',
    lookup: async (name) => {
      const found = (await entries()).get(name);
      return found === undefined ? null : openInode(context, found);
    },
    names: async (maximumEntries) => (await entries()).names(maximumEntries),
  };
}
