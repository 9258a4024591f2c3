/**
 * A file tree that can be read without mounting it: as much of it as it takes to find a file by its path.
 *
 * Contract: everything in an image is untrusted. A reader bounds every offset, count and length before it uses it, never
 * reads one structure for ever (a directory that contains itself, a chain of blocks that loops), and throws `Malformed`
 * naming the structure and, where known, the byte offset in the image; `Unsupported` for what the format allows and the
 * reader does not know (a compressor, a feature flag); and lets `CouldNotDecide` of the source pass.
 */
export interface FileSystem {
  readonly type: 'erofs' | 'squashfs' | 'ext4' | 'directory';
  /** The root directory. */
  readonly root: Directory;
}

/** An inode of the tree. */
export type FileSystemNode = RegularFile | Directory | SymbolicLink | SpecialFile;

interface Inode {
  /** Value of an extended attribute by its full name (`user.extension-release.strict`), at most 64 KiB; null: there is none. */
  readonly xattr: (name: string) => Promise<Uint8Array | null>;
}

export interface RegularFile extends Inode {
  readonly kind: 'file';
  /** Bytes. */
  readonly size: number;
  /** The whole content. @throws Unsupported if it is larger than `maximumBytes`; nothing of that size is allocated. */
  readonly read: (maximumBytes: number) => Promise<Uint8Array>;
}

export interface Directory extends Inode {
  readonly kind: 'directory';
  /** The entry of that name, or null. Never asked for `.` or `..`. */
  readonly lookup: (name: string) => Promise<FileSystemNode | null>;
  /** Names of all entries but `.` and `..`. @throws Unsupported if there are more than `maximumEntries`. */
  readonly names: (maximumEntries: number) => Promise<readonly string[]>;
}

export interface SymbolicLink extends Inode {
  readonly kind: 'link';
  /** Where it points, at most 4,095 bytes. */
  readonly target: () => Promise<string>;
}

/** A device node, socket or FIFO. */
export interface SpecialFile extends Inode {
  readonly kind: 'special';
}
