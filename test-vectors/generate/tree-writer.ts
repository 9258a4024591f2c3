import { createHash } from 'node:crypto';

import { type DirectoryCaseEntry, percentDecoded } from './directory-group.ts';

const letters = {
  ...{ directory: 'd', file: 'f', link: 'l', fifo: 'p', socket: 's' },
  ...{ 'character-device': 'c', 'block-device': 'b' },
};
const leftOut = ['security.selinux', 'security.ima', 'security.evm'];

/** The digest of a well-formed tree, written from docs/tree-digest.md and not from the code that it judges. */
export function treeDigestByTheBook(entries: readonly DirectoryCaseEntry[]): string {
  const sorted = entries
    .map((entry) => ({ entry, path: percentDecoded(entry.path) }))
    .sort((a, b) => byParts(parts(a.path), parts(b.path)));
  const first = new Map<number, Buffer>();
  const pieces: Uint8Array[] = [Buffer.from('touchstone-tree-v1\0')];
  for (const { entry, path } of sorted) {
    const linked = entry.inode === null ? undefined : first.get(entry.inode);
    pieces.push(field(path));
    pieces.push(linked === undefined ? node(entry) : Buffer.concat([Buffer.from('h'), field(linked)]));
    if (entry.inode !== null && linked === undefined) first.set(entry.inode, path);
  }
  return sha256(Buffer.concat(pieces)).toString('hex');
}

function node(entry: DirectoryCaseEntry): Buffer {
  const { type, mode, uid, gid } = entry;
  const attributes = entry.attributes
    .filter(([name]) => !leftOut.includes(name))
    .map(([name, value]) => ({ name: percentDecoded(name), value: Buffer.from(value, 'hex') }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  return Buffer.concat([
    Buffer.from(letters[type]),
    number(parseInt(mode, 8), 2),
    number(uid, 4),
    number(gid, 4),
    content(entry),
    number(attributes.length, 4),
    ...attributes.flatMap(({ name, value }) => [field(name), field(value)]),
  ]);
}

function content(entry: DirectoryCaseEntry): Buffer {
  if ('target' in entry) return field(percentDecoded(entry.target));
  if ('major' in entry) return Buffer.concat([number(entry.major, 4), number(entry.minor, 4)]);
  if (!('content' in entry)) return Buffer.alloc(0);
  const bytes = percentDecoded(entry.content);
  return Buffer.concat([number(bytes.length, 8), sha256(bytes)]);
}

function parts(path: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let begin = 0;
  for (let slash = path.indexOf(0x2f); slash !== -1; slash = path.indexOf(0x2f, begin)) {
    found.push(path.subarray(begin, slash));
    begin = slash + 1;
  }
  return [...found, path.subarray(begin)];
}

function byParts(a: readonly Buffer[], b: readonly Buffer[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = Buffer.compare(part, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function field(bytes: Buffer): Buffer {
  return Buffer.concat([number(bytes.length, 4), bytes]);
}

function number(value: number, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
