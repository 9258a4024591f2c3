import { Malformed, Unsupported } from '../../bytes/failures.ts';
import type { ByteSource } from '../byte-source.ts';
import {
  type EntryTable,
  maximumDirectoryBytes,
  maximumTargetBytes,
  parseLinkTarget,
} from './entry-names.ts';
import { readExt4Attribute } from './ext4-attributes.ts';
import { readExt4Data, readInline } from './ext4-data.ts';
import { parseExt4Directory, parseInlineDirectory } from './ext4-directory.ts';
import { type Ext4Inode, readExt4Inode } from './ext4-inode.ts';
import { readExt4Superblock } from './ext4-superblock.ts';
import type { Ext4Volume } from './ext4-volume.ts';
import type { Directory, FileSystem, FileSystemNode } from './file-system.ts';

const rootInode = 2;

/**
 * Opens an ext4 image, or one of ext2 and ext3, as the kernel's ext4 mounts them (Documentation/filesystems/ext4).
 *
 * @throws Malformed | Unsupported
 */
export async function openExt4(source: ByteSource): Promise<FileSystem> {
  const root = await new Ext4Tree({ source, superblock: await readExt4Superblock(source) }).open(rootInode);
  if (root.kind !== 'directory') throw new Malformed('ext4 root inode', 'is not a directory');
  return { type: 'ext4', root };
}

class Ext4Tree {
  readonly #volume: Ext4Volume;
  /** Directories by their inode: each is parsed once. */
  readonly #entries = new Map<number, EntryTable<number>>();
  #directoryBytes = 0;

  constructor(volume: Ext4Volume) {
    this.#volume = volume;
  }

  async open(number: number): Promise<FileSystemNode> {
    const inode = await readExt4Inode(this.#volume, number);
    const xattr = (name: string) => readExt4Attribute(this.#volume, inode, name);
    switch (inode.type) {
      case 0o100000:
        return {
          kind: 'file',
          size: inode.size,
          read: (most) => readExt4Data(this.#volume, inode, most),
          xattr,
        };
      case 0o120000:
        return { kind: 'link', target: () => this.#target(inode), xattr };
      case 0o040000:
        return { ...this.#directory(inode), xattr };
      case 0o020000:
      case 0o060000:
      case 0o010000:
      case 0o140000:
        return { kind: 'special', xattr };
      default:
        throw new Malformed(`${inode.name}: mode`, 'is of no type of file');
    }
  }

  #directory(inode: Ext4Inode): Omit<Directory, 'xattr'> {
    return {
      kind: 'directory',
      lookup: async (name) => {
        const number = (await this.#read(inode)).get(name);
        return number === undefined ? null : this.open(number);
      },
      names: async (maximumEntries) => (await this.#read(inode)).names(maximumEntries),
    };
  }

  async #read(inode: Ext4Inode): Promise<EntryTable<number>> {
    const known = this.#entries.get(inode.number);
    if (known !== undefined) return known;
    this.#directoryBytes += inode.size;
    // Each can be as large as one may be, and a path can lead through many.
    if (this.#directoryBytes > maximumDirectoryBytes)
      throw new Unsupported('ext4 directories', `have more than ${maximumDirectoryBytes} bytes`);
    const entries = await this.#parse(inode);
    this.#entries.set(inode.number, entries);
    return entries;
  }

  async #parse(inode: Ext4Inode): Promise<EntryTable<number>> {
    if (inode.layout === 'inline') return parseInlineDirectory(readInline(inode), inode);
    const bytes = await readExt4Data(this.#volume, inode, maximumDirectoryBytes);
    return parseExt4Directory(bytes, this.#volume.superblock.blockSize, inode);
  }

  async #target(inode: Ext4Inode): Promise<string> {
    const bytes = isFastLink(this.#volume, inode)
      ? inode.block.subarray(0, inode.size)
      : await this.#slowTarget(inode);
    return parseLinkTarget(bytes, inode.name);
  }

  async #slowTarget(inode: Ext4Inode): Promise<Uint8Array> {
    // The kernel reads one block, and ends the target there.
    if (inode.size >= this.#volume.superblock.blockSize)
      throw new Malformed(inode.name, `is a link of ${inode.size} bytes`);
    return readExt4Data(this.#volume, inode, maximumTargetBytes);
  }
}

/**
 * Whether the target stands where the block numbers would be. The kernel goes by the number of blocks that the link takes
 * (ext4_inode_is_fast_symlink() in fs/ext4/inode.c), others go by the size.
 *
 * @throws Malformed if these do not agree: the link would have two targets.
 */
function isFastLink({ superblock }: Ext4Volume, inode: Ext4Inode): boolean {
  if (inode.layout === 'inline') return false;
  const isShort = inode.size < inode.block.length;
  const hasBlocks = inode.sectors !== (inode.attributeBlock === 0 ? 0 : superblock.clusterSectors);
  if (!superblock.features.attributeInodes && isShort === hasBlocks)
    throw new Malformed(inode.name, 'is a link, and in two places');
  return isShort;
}
