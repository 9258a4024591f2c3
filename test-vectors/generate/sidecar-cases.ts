import { signatures, trees } from './sidecar-content-cases.ts';
import {
  type Differs,
  type Edit,
  fine,
  type Head,
  malformed,
  of,
  draft,
  type SidecarDraft,
} from './sidecar-draft.ts';
import type { SidecarFiles } from './sidecar-files.ts';
import { contradictions, places, tables, unprotectedCases } from './sidecar-place-cases.ts';

/** The cases; all that is not in `edit` is as in the first. */
export function sidecarCases(files: SidecarFiles): readonly SidecarDraft[] {
  const { rootHashes } = files;
  return [
    ...forms(files),
    ...texts(rootHashes.erofs),
    ...places(files),
    ...unprotectedCases(files),
    ...tables(files),
    ...contradictions(files),
    ...trees(files),
    ...signatures(files),
  ];
}

function forms(files: SidecarFiles): readonly SidecarDraft[] {
  const unsupported = (head: Head, image: string) =>
    draft(head, { image }, { code: 'unsupported', stage: 'open' });
  return [
    fine(['Form', 'erofs', 'An erofs image with hash tree, root hash and signature beside it.']),
    fine(['Form', 'squashfs', 'A squashfs image.'], of('squashfs', files)),
    fine(['Form', 'ext4', 'An ext4 image.'], of('ext4', files)),
    fine(
      ['Form', 'one-block', 'An image of a single block: the hash tree is a superblock alone.'],
      of('one-block', files),
    ),
    fine(['Form', 'blocks-512', 'Data and hash blocks of 512 bytes.'], {
      ...of('blocks-512', files),
      image: 'erofs.raw.gz',
    }),
    fine(['Form', 'sha512', 'A hash tree by SHA-512, a root hash of 128 digits.'], {
      ...of('sha512', files),
      image: 'erofs.raw.gz',
    }),
    fine(['Form', 'data-behind', 'Data behind what the tree covers, which nothing maps.'], {
      image: 'data-behind.raw.gz',
    }),
    fine(['Form', 'tree-behind', 'Bytes behind the hash tree, as error correction has.'], {
      verity: 'tree-behind.verity.gz',
    }),
    unsupported(['Form', 'no-filesystem', 'A file that is no file system.'], 'no-filesystem.raw.gz'),
    unsupported(
      ['Form', 'btrfs', 'A btrfs file system, which the verifier does not handle without a GPT.'],
      'btrfs.raw.gz',
    ),
    malformed(
      [
        'Form',
        'two-filesystems',
        'An erofs image that begins as squashfs does: readers may take it for either.',
      ],
      { image: 'two-filesystems.raw.gz' },
      { 'systemd-dissect': 'libblkid looks for squashfs first, and no further.' },
    ),
  ];
}

function texts(hash: string): readonly SidecarDraft[] {
  const dissect = (why: string): Differs => ({ 'systemd-dissect': why });
  const anyLength = dissect('Takes a root hash of any length from 16 bytes on.');
  const text = (id: string, comment: string, rootHash: string): [Head, Edit] => [
    ['Text', id, comment],
    { rootHash },
  ];
  return [
    fine(...text('newline-none', 'The root hash without a newline.', hash)),
    fine(...text('newline-windows', 'The root hash with a carriage return and a newline.', `${hash}\r\n`)),
    fine(
      ...text(
        'capitals',
        'The root hash in capitals; signed is the one in small letters.',
        hash.toUpperCase(),
      ),
    ),
    fine(...text('blanks', 'Blanks around the root hash.', ` ${hash}\t\n`)),
    malformed(...text('empty', 'The file of the root hash is empty.', '')),
    malformed(...text('odd', 'The root hash has 63 digits.', hash.slice(1))),
    malformed(...text('short', 'The root hash has 62 digits.', hash.slice(2)), anyLength),
    malformed(
      ...text('sixteen-bytes', 'The root hash has 32 digits, the fewest that systemd takes.', hash.slice(32)),
      anyLength,
    ),
    malformed(...text('long', 'The root hash has 66 digits.', `${hash}00`), anyLength),
    malformed(
      ...text('not-hexadecimal', 'A letter in the root hash is not a digit.', hash.replace(/.$/, 'g')),
    ),
    malformed(...text('prefix', 'The root hash begins with 0x.', `0x${hash}`)),
    malformed(...text('byte-order-mark', 'A byte order mark before the root hash.', `\ufeff${hash}`)),
    malformed(
      ...text('two-lines', 'A second line; systemd reads the first alone.', `${hash}\n${hash}\n`),
      dissect('Reads the first line alone.'),
    ),
    malformed(
      ...text(
        'blank-inside',
        'A blank within the root hash, which systemd passes over.',
        `${hash.slice(0, 32)} ${hash.slice(32)}`,
      ),
      dissect('Passes over white space.'),
    ),
    malformed(
      ...text('nul-behind', 'A NUL behind the root hash.', `${hash}\0`),
      dissect('Reads up to the first NUL.'),
    ),
    malformed(
      ...text('comment', 'A file name behind the root hash, as sha256sum writes.', `${hash}  x.raw\n`),
    ),
  ];
}
