import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { attributeTrees } from './directory-attribute-cases.ts';
import { type DescribedTree, trees } from './directory-cases.ts';
import {
  type DirectoryCase,
  type DirectoryGroup,
  directoryGroupShape,
  directorySchemaText,
} from './directory-group.ts';
import { noTrees } from './directory-no-trees.ts';
import { treeDigestByTheBook } from './tree-writer.ts';

const notes: DirectoryGroup['notes'] = {
  Plain: {
    effect: 'A change of what is merged goes unnoticed.',
    reference: 'docs/tree-digest.md, section 3',
  },
  Inode: {
    effect: 'A change of mode or owner goes unnoticed.',
    reference: 'docs/tree-digest.md, section 3',
  },
  Order: {
    effect: 'The digest depends on the order in which a file system or a sort of text lists names.',
    reference: 'docs/tree-digest.md, section 2, Order',
  },
  Names: {
    effect: 'Two names that differ in bytes are taken for one.',
    reference: 'docs/tree-digest.md, section 2, Paths',
  },
  Injective: {
    effect: 'Two trees encode alike, so that one is approved with the other.',
    reference: 'docs/tree-digest.md, section 2',
  },
  Attributes: {
    effect: 'An extended attribute is exchanged unnoticed, and with it who may do what.',
    reference: 'docs/tree-digest.md, section 3; xattr(7)',
  },
  LeftOut: {
    effect: 'A tree has another digest on every host.',
    reference: 'docs/tree-digest.md, section 3',
  },
  Overlay: {
    effect: 'Files of the host are hidden or exchanged by what looks like an empty file or directory.',
    reference: 'Documentation/filesystems/overlayfs.rst of the kernel',
  },
  HardLinks: {
    effect: 'The digest depends on inode numbers, or not on which names are one file.',
    reference: 'docs/tree-digest.md, section 2, Hard links',
  },
  NoTree: {
    effect: 'A description that is not of a tree, or of one tree in a second way, gets a digest.',
    reference: 'docs/tree-digest.md, section 2',
  },
};

/** The group, the same each time. */
export function makeDirectoryGroup(): DirectoryGroup {
  return directoryGroupShape.parse({
    schema: '../schemas/directory.schema.json',
    generator: 'test-vectors/generate/directory.ts',
    notes,
    cases: [
      ...[...trees, ...attributeTrees].map((tree) => {
        const digest = treeDigestByTheBook(tree.entries);
        return toCase(tree, { verdict: 'accepted', digest, code: null, stage: null });
      }),
      ...noTrees.map((tree) => toCase(tree, { verdict: 'refused', code: 'malformed', stage: 'tree' })),
    ],
  });
}

function toCase({ entries, ...about }: DescribedTree, expect: DirectoryCase['expect']): DirectoryCase {
  return { ...about, inputs: { entries }, expect };
}

// From the root of the repository: node dist/test-vectors/generate/directory.js
if (import.meta.filename === process.argv[1]) {
  const group = `${JSON.stringify(makeDirectoryGroup(), null, 2)}\n`;
  writeFileSync(join('test-vectors', 'directory', 'directory.json'), group);
  writeFileSync(join('test-vectors', 'schemas', 'directory.schema.json'), directorySchemaText());
}
