import { isUtf8 } from 'node:buffer';

import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Directory, FileSystem, FileSystemNode, RegularFile } from './filesystems/file-system.ts';
import { byteString, type ExtendedAttribute, showPath, type TreeEntry } from './tree-entry.ts';

/** Files larger than this are not kept for the view, nor any more once so many bytes of them are. */
export const releaseFileBytes = 64 * 1024;
const keptBytes = 4 * 1024 * 1024;

const releasePath = /^(?:usr\/lib|etc)\/(?:os-release|extension-release\.d\/[^/]+)$/;

/** Whether a file says what system an extension is for (systemd's extension-release and os-release). */
export function isReleasePath(path: Uint8Array): boolean {
  return releasePath.test(byteString(path));
}

/**
 * A tree as it was digested, without a second look at it: all names, types and link targets, and content and attributes of
 * the release files. What is parsed later is what the digest covers, whatever became of the files.
 */
export class TreeView {
  readonly #root = new ViewedDirectory();
  readonly #directories = new Map<string, ViewedDirectory>([['', this.#root]]);
  #kept = 0;

  /**
   * @param content the whole content of a release file, if it was kept.
   * @throws Malformed if its directory was not added before.
   */
  add({ path, node }: TreeEntry, content: Uint8Array | null): void {
    if (path.length === 0) return;
    const text = byteString(path);
    const slash = text.lastIndexOf('/');
    const parent = this.#directories.get(text.slice(0, Math.max(slash, 0)));
    if (parent === undefined) throw new Malformed(showPath(path), 'is in no directory of the tree');
    const viewed = this.#view(path, node, content);
    if (viewed instanceof ViewedDirectory) this.#directories.set(text, viewed);
    parent.entries.set(text.slice(slash + 1), viewed);
  }

  /** The view of all that was added. */
  fileSystem(): FileSystem {
    return { type: 'directory', root: this.#root };
  }

  #view(path: Uint8Array, node: TreeEntry['node'], content: Uint8Array | null): FileSystemNode {
    switch (node.type) {
      case 'directory':
        return new ViewedDirectory();
      case 'file':
        return this.#keep(path, node, content);
      case 'link': {
        const target = Buffer.from(node.target);
        return { kind: 'link', target: () => decoded(target, showPath(path)), xattr: notKept };
      }
      case 'character-device':
      case 'block-device':
      case 'fifo':
      case 'socket':
        return special;
    }
  }

  #keep(path: Uint8Array, { size, attributes }: FileNode, content: Uint8Array | null): RegularFile {
    const bytes = attributes.reduce((sum, { name, value }) => sum + name.length + value.length, size);
    if (content === null || !isReleasePath(path) || this.#kept + bytes > keptBytes)
      return { kind: 'file', size, read: notKept, xattr: notKept };
    this.#kept += bytes;
    return new ReleaseFile(content, attributes);
  }
}

type FileNode = Extract<TreeEntry['node'], { type: 'file' }>;

class ViewedDirectory implements Directory {
  readonly kind = 'directory';
  /** By names as byte strings. */
  readonly entries = new Map<string, FileSystemNode>();
  readonly xattr = notKept;

  lookup(name: string): Promise<FileSystemNode | null> {
    return Promise.resolve(this.entries.get(byteString(Buffer.from(name))) ?? null);
  }

  async names(maximumEntries: number): Promise<readonly string[]> {
    if (this.entries.size > maximumEntries)
      throw new Unsupported('directory', `has more than ${maximumEntries} entries`);
    // A name left out could be the one that makes an answer wrong: no list is better than one that is not whole.
    return Promise.all(
      Array.from(this.entries.keys(), (name) => decoded(Buffer.from(name, 'latin1'), 'file name')),
    );
  }
}

class ReleaseFile implements RegularFile {
  readonly kind = 'file';
  readonly size: number;
  readonly #content: Uint8Array;
  readonly #attributes: readonly ExtendedAttribute[];

  constructor(content: Uint8Array, attributes: readonly ExtendedAttribute[]) {
    this.size = content.length;
    this.#content = content;
    this.#attributes = attributes;
  }

  read(maximumBytes: number): Promise<Uint8Array> {
    return this.size > maximumBytes
      ? Promise.reject(new Unsupported('file', `is larger than ${maximumBytes} bytes`))
      : Promise.resolve(this.#content);
  }

  xattr(name: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.#attributes.find((one) => Buffer.from(name).equals(one.name))?.value ?? null);
  }
}

function notKept(): Promise<never> {
  return Promise.reject(
    new Unsupported('file', 'is not one that is kept of a directory: only release files are'),
  );
}

const special: FileSystemNode = { kind: 'special', xattr: notKept };

function decoded(bytes: Buffer, what: string): Promise<string> {
  return isUtf8(bytes)
    ? Promise.resolve(bytes.toString('utf8'))
    : Promise.reject(new Unsupported(what, 'is not UTF-8'));
}
