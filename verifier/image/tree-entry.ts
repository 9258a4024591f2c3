import { Malformed } from '../bytes/failures.ts';

/** An extended attribute; names are bytes like file names are. */
export interface ExtendedAttribute {
  /** With its namespace, for example `security.capability`. */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

interface Inode {
  /** Permission bits with set-user-ID, set-group-ID and sticky bit: at most 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In any order. */
  readonly attributes: readonly ExtendedAttribute[];
}

/** What an inode is, as far as the digest of a tree covers it. */
export type TreeNode = Inode &
  (
    | { readonly type: 'directory' | 'fifo' | 'socket' }
    | { readonly type: 'file'; readonly size: number; readonly sha256: Uint8Array }
    | { readonly type: 'link'; readonly target: Uint8Array }
    | {
        readonly type: 'character-device' | 'block-device';
        readonly major: number;
        readonly minor: number;
      }
  );

/** A name in a tree and what it stands for. */
export interface TreeEntry {
  /** Bytes as on disk, without a slash at either end; names need not be UTF-8. Empty: the root of the tree. */
  readonly path: Uint8Array;
  /** Names with the same value here are hard links of one inode; null: it has no other name. Never said of directories. */
  readonly inode: string | null;
  readonly node: TreeNode;
}

const limits = { nameBytes: 255, targetBytes: 4095, valueBytes: 65_536 };

/**
 * Refuses what no Linux file system can hold, so that bytes have one meaning in the encoding and none is cut off.
 *
 * @throws Malformed naming the entry.
 */
export function checkEntry({ path, inode, node }: TreeEntry): void {
  const where = showPath(path);
  checkPath(path, where);
  const refuse = (problem: string) => new Malformed(where, problem);
  if (!isUpTo(node.mode, 0o7777)) throw refuse('has mode bits that do not exist');
  if (!isUpTo(node.uid, maximum32) || !isUpTo(node.gid, maximum32)) throw refuse('has no sensible owner');
  if (inode !== null && node.type === 'directory') throw refuse('is a directory with two names');
  checkContent(node, refuse);
  checkAttributes(node.attributes, refuse);
}

type Refuse = (problem: string) => Malformed;

function checkContent(node: TreeNode, refuse: Refuse): void {
  switch (node.type) {
    case 'file':
      if (!isUpTo(node.size, Number.MAX_SAFE_INTEGER)) throw refuse('has no sensible size');
      if (node.sha256.length !== 32) throw refuse('has a digest that is not SHA-256');
      return;
    case 'link':
      if (!isName(node.target, limits.targetBytes)) throw refuse('has a target that no link can have');
      return;
    case 'character-device':
    case 'block-device':
      if (!isUpTo(node.major, maximum32) || !isUpTo(node.minor, maximum32))
        throw refuse('has no sensible device number');
      return;
    case 'directory':
    case 'fifo':
    case 'socket':
  }
}

function checkAttributes(attributes: readonly ExtendedAttribute[], refuse: Refuse): void {
  const names = new Set(attributes.map(({ name }) => byteString(name)));
  if (names.size !== attributes.length) throw refuse('has an extended attribute twice');
  for (const { name, value } of attributes) {
    if (!isName(name, limits.nameBytes)) throw refuse('has an extended attribute without a sensible name');
    if (value.length > limits.valueBytes) throw refuse('has an extended attribute of more than 64 KiB');
  }
}

/** A path with `..` or an empty part in it would be a second spelling of another entry. */
function checkPath(path: Uint8Array, where: string): void {
  if (path.length === 0) return;
  for (const part of byteString(path).split('/')) {
    if (part === '' || part === '.' || part === '..') throw new Malformed(where, 'is not a canonical path');
    if (part.includes('\0') || part.length > limits.nameBytes)
      throw new Malformed(where, 'has a name that no file can have');
  }
}

const maximum32 = 0xffff_ffff;

function isUpTo(value: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= maximum;
}

function isName(bytes: Uint8Array, maximum: number): boolean {
  return bytes.length > 0 && bytes.length <= maximum && !bytes.includes(0);
}

/** Bytes as a string of one character a byte: it compares as the bytes do and serves as a key. */
export function byteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** A path for people: `%` and everything but printable ASCII is percent-encoded; `.` is the root. */
export function showPath(path: Uint8Array): string {
  const percent = (char: string) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return path.length === 0 ? '.' : byteString(path).replaceAll(/[^ -~]|%/gs, percent);
}
