import { byteString, type ExtendedAttribute, type TreeEntry, type TreeNode } from './tree-entry.ts';

/** What the encoding of every tree begins with (docs/tree-digest.md). */
export const treeTag = Buffer.from('touchstone-tree-v1\0', 'latin1');

/**
 * Attributes that the host's own kernel writes on files or that say where a file lies rather than what it is: the label
 * that the SELinux policy of the host gives it, and IMA's and EVM's records, which are keyed to the host. With them, one
 * tree would have another digest on every host.
 */
const hostAttributes: ReadonlySet<string> = new Set(['security.selinux', 'security.ima', 'security.evm']);

/** Whether the digest covers an attribute of that name. */
export function isCovered(name: Uint8Array): boolean {
  return !hostAttributes.has(byteString(name));
}

const letters = {
  directory: 'd',
  file: 'f',
  link: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  socket: 's',
} as const satisfies Readonly<Record<TreeNode['type'], string>>;

/**
 * An entry that is the first name of its inode. Every field has a fixed length or says its length first, so bytes can be
 * read back in one way only, and two entries never encode alike.
 */
export function encodeEntry({ path, node }: TreeEntry): Buffer {
  return Buffer.concat([encodeBytes(path), encodeNode(node)]);
}

/** A further name of an inode that came before under the name `first`. */
export function encodeHardLink(path: Uint8Array, first: Uint8Array): Buffer {
  return Buffer.concat([encodeBytes(path), Buffer.from('h'), encodeBytes(first)]);
}

/** All that an inode is but its names. */
export function encodeNode(node: TreeNode): Buffer {
  const { mode, uid, gid, attributes } = node;
  const head = Buffer.alloc(11);
  head.write(letters[node.type], 0, 'latin1');
  head.writeUInt16BE(mode, 1);
  head.writeUInt32BE(uid, 3);
  head.writeUInt32BE(gid, 7);
  return Buffer.concat([head, ...encodeContent(node), ...encodeAttributes(attributes)]);
}

function encodeContent(node: TreeNode): Uint8Array[] {
  switch (node.type) {
    case 'file': {
      const size = Buffer.alloc(8);
      size.writeBigUInt64BE(BigInt(node.size));
      return [size, node.sha256];
    }
    case 'link':
      return [encodeBytes(node.target)];
    case 'character-device':
    case 'block-device':
      return [encodeNumber(node.major), encodeNumber(node.minor)];
    case 'directory':
    case 'fifo':
    case 'socket':
      return [];
  }
}

function encodeAttributes(attributes: readonly ExtendedAttribute[]): Uint8Array[] {
  const covered = attributes
    .filter(({ name }) => isCovered(name))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  return [
    encodeNumber(covered.length),
    ...covered.flatMap(({ name, value }) => [encodeBytes(name), encodeBytes(value)]),
  ];
}

function encodeBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([encodeNumber(bytes.length), bytes]);
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
