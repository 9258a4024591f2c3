import { createHash } from 'node:crypto';

import type { TreeEntry, TreeNode } from '../../verifier/image/tree-entry.ts';
import { type DirectoryCaseEntry, percentDecoded } from './directory-group.ts';

/** An entry of a case as the library takes it. */
export function toTreeEntry(entry: DirectoryCaseEntry): TreeEntry {
  const { path, mode, uid, gid, inode, attributes } = entry;
  return {
    path: percentDecoded(path),
    inode: inode === null ? null : String(inode),
    node: {
      ...{ mode: parseInt(mode, 8), uid, gid },
      attributes: attributes.map(([name, value]) => ({
        name: percentDecoded(name),
        value: Buffer.from(value, 'hex'),
      })),
      ...toContent(entry),
    },
  };
}

type Content<Node> = Node extends TreeNode ? Omit<Node, 'mode' | 'uid' | 'gid' | 'attributes'> : never;

function toContent(entry: DirectoryCaseEntry): Content<TreeNode> {
  switch (entry.type) {
    case 'file': {
      const content = percentDecoded(entry.content);
      const sha256 = createHash('sha256').update(content).digest();
      return { type: 'file', size: content.length, sha256 };
    }
    case 'link':
      return { type: 'link', target: percentDecoded(entry.target) };
    case 'character-device':
    case 'block-device':
      return { type: entry.type, major: entry.major, minor: entry.minor };
    case 'directory':
    case 'fifo':
    case 'socket':
      return { type: entry.type };
  }
}
