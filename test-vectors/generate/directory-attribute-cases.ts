import type { DescribedTree } from './directory-cases.ts';
import { device, directory, fifo, file, link, top, usr, whiteout } from './directory-entry.ts';

const capability = '0100000200040000000000000000000000000000';

const attributes: DescribedTree[] = [
  {
    id: 'attributes',
    comment: 'attributes in the order of their bytes, whatever the order they are listed in',
    flags: ['Attributes', 'Order'],
    entries: [
      top,
      file('a', '', {
        attributes: [
          ['user.b', '00'],
          ['user.B', 'ff'],
          ['user.a', ''],
        ],
      }),
    ],
  },
  {
    id: 'attribute-name-and-value',
    comment: 'the same bytes as in the next case, cut elsewhere',
    flags: ['Attributes', 'Injective'],
    entries: [top, file('a', '', { attributes: [['user.ab', '63']] })],
  },
  {
    id: 'attribute-value-and-name',
    comment: 'the same bytes as in the case before, cut elsewhere',
    flags: ['Attributes', 'Injective'],
    entries: [top, file('a', '', { attributes: [['user.a', '6263']] })],
  },
  {
    id: 'hostile-attribute-names',
    comment: 'names of attributes with the bytes that tools print between them',
    flags: ['Attributes', 'Names'],
    entries: [
      top,
      file('a', '', {
        attributes: [
          ['user.=', '3d'],
          ['user.%0a# file: b', '0a'],
          ['user.%5c075', ''],
          ['user.%ff', '00'],
        ],
      }),
    ],
  },
  {
    id: 'capability',
    comment: 'a program with a capability',
    flags: ['Attributes'],
    entries: [top, file('a', '', { mode: '0755', attributes: [['security.capability', capability]] })],
  },
  {
    id: 'default-acl',
    comment: 'a directory with a default access control list',
    flags: ['Attributes'],
    entries: [
      top,
      directory('a', {
        attributes: [
          ['system.posix_acl_default', '0200000001000700ffffffff04000500ffffffff20000500ffffffff'],
        ],
      }),
    ],
  },
  {
    id: 'label-left-out',
    comment: 'an SELinux label, IMA and EVM records: the digest of the case empty-file',
    flags: ['LeftOut'],
    entries: [
      top,
      file('a', '', {
        attributes: [
          ['security.selinux', '61'],
          ['security.ima', '0401'],
          ['security.evm', '0302'],
        ],
      }),
    ],
  },
  {
    id: 'attribute-like-a-label',
    comment: 'an attribute whose name only begins like one that is left out',
    flags: ['Attributes'],
    entries: [top, file('a', '', { attributes: [['security.selinux2', '61']] })],
  },
];

const overlays: DescribedTree[] = [
  {
    id: 'whiteout',
    comment: 'usr/bin of the host would be gone',
    flags: ['Overlay'],
    entries: [...usr, device('usr/bin', whiteout, { mode: '0000' })],
  },
  {
    id: 'opaque-directory',
    comment: 'usr/bin of the host would be hidden',
    flags: ['Overlay'],
    entries: [...usr, directory('usr/bin', { attributes: [['trusted.overlay.opaque', '79']] })],
  },
  {
    id: 'directory-not-opaque',
    comment: 'the same directory without the attribute',
    flags: ['Overlay'],
    entries: [...usr, directory('usr/bin')],
  },
  {
    id: 'redirect',
    comment: 'usr/bin would have the content of another directory of the layers below',
    flags: ['Overlay'],
    entries: [...usr, directory('usr/bin', { attributes: [['trusted.overlay.redirect', '2f746d70']] })],
  },
  {
    id: 'devices',
    comment: 'device numbers that need more than 8 bits, block and character',
    flags: ['Plain'],
    entries: [
      top,
      device('a', ['character-device', 4095, 1_048_575]),
      device('b', ['block-device', 259, 65_537]),
    ],
  },
  {
    id: 'device-kinds-swapped',
    comment: 'the same numbers, the kinds the other way round',
    flags: ['Plain'],
    entries: [
      top,
      device('a', ['block-device', 4095, 1_048_575]),
      device('b', ['character-device', 259, 65_537]),
    ],
  },
];

const hardLinks: DescribedTree[] = [
  {
    id: 'two-files-alike',
    comment: 'equal files that are not one',
    flags: ['HardLinks'],
    entries: [top, file('a', 'x'), file('b', 'x')],
  },
  {
    id: 'hard-link',
    comment: 'one file with two names',
    flags: ['HardLinks'],
    entries: [top, file('a', 'x', { inode: 1 }), file('b', 'x', { inode: 1 })],
  },
  {
    id: 'hard-link-outside',
    comment: 'one file with another name outside the tree, or so the number says: no part of the tree',
    flags: ['HardLinks'],
    entries: [top, file('a', 'x', { inode: 7 }), file('b', 'x', { inode: 8 })],
  },
  {
    id: 'hard-links-crossed',
    comment: 'two inodes of equal content with two names each',
    flags: ['HardLinks'],
    entries: [
      top,
      ...[file('a', 'x', { inode: 2 }), file('b', 'x', { inode: 1 })],
      ...[file('c', 'x', { inode: 1 }), file('d', 'x', { inode: 2 })],
    ],
  },
  {
    id: 'hard-links-parallel',
    comment: 'the same names, tied the other way',
    flags: ['HardLinks'],
    entries: [
      top,
      ...[file('a', 'x', { inode: 1 }), file('b', 'x', { inode: 1 })],
      ...[file('c', 'x', { inode: 2 }), file('d', 'x', { inode: 2 })],
    ],
  },
  {
    id: 'hard-link-first-by-parts',
    comment: 'the first name is the first in the order of the tree, in a directory here',
    flags: ['HardLinks', 'Order'],
    entries: [top, file('a.b', 'x', { inode: 1 }), directory('a'), file('a/z', 'x', { inode: 1 })],
  },
  {
    id: 'hard-link-of-all-kinds',
    comment: 'a symbolic link, a device and a FIFO have second names too',
    flags: ['HardLinks'],
    entries: [
      top,
      ...[link('a', 't', { inode: 1 }), link('b', 't', { inode: 1 })],
      ...[device('c', whiteout, { inode: 2 }), device('d', whiteout, { inode: 2 })],
      ...[fifo('e', { inode: 3 }), fifo('f', { inode: 3 })],
    ],
  },
  {
    id: 'file-that-looks-like-a-hard-link',
    comment: 'a file named h that holds the name of another',
    flags: ['HardLinks', 'Injective'],
    entries: [top, file('a', 'x'), file('h', '%00%00%00%01a')],
  },
];

/** Trees told apart by attributes, devices and hard links. */
export const attributeTrees: readonly DescribedTree[] = [...attributes, ...overlays, ...hardLinks];
