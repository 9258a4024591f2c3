import type { ReasonCode } from '../../verifier/reasons.ts';
import {
  badlySigned,
  corrupt,
  type Edit,
  type Head,
  malformed,
  mismatch,
  of,
  type SidecarDraft,
} from './sidecar-draft.ts';
import type { SidecarFiles } from './sidecar-files.ts';

/** Cases about data that is not what the root hash says. */
export function trees(files: SidecarFiles): readonly SidecarDraft[] {
  const { rootHashes } = files;
  const bad = (id: string, comment: string, verity: string) =>
    malformed(['Tree', id, comment], { verity: `${verity}.verity.gz` });
  return [
    corrupt(['Tree', 'other-tree', 'The hash tree of another image.'], { verity: 'other.verity.gz' }),
    corrupt(
      ['Tree', 'other-image', 'Hash tree, root hash and signature of another image of the same size.'],
      { ...of('other', files), image: 'erofs.raw.gz' },
    ),
    corrupt(['Tree', 'other-root-hash', 'Root hash and signature of another image.'], {
      rootHash: rootHashes['other'] ?? '',
      rootHashSignature: 'other.p7s',
    }),
    corrupt(['Tree', 'data-bit', 'A flipped bit in the data.'], { image: 'data-bit.raw.gz' }),
    corrupt(['Tree', 'tree-bit', 'A flipped bit in the hash tree.'], { verity: 'tree-bit.verity.gz' }),
    mismatch(['Tree', 'sha512-root-hash', 'A root hash of SHA-512 and a hash tree by SHA-256.'], {
      rootHash: rootHashes['sha512'] ?? '',
      rootHashSignature: 'sha512.p7s',
    }),
    malformed(['Tree', 'data-truncated', 'The image lacks its last block.'], {
      image: 'data-truncated.raw.gz',
    }),
    bad('tree-truncated', 'The hash tree lacks its last byte.', 'tree-truncated'),
    bad('tree-superblock-alone', 'The hash tree ends after its superblock.', 'tree-superblock-alone'),
    bad('tree-empty', 'The file of the hash tree is empty.', 'tree-empty'),
    bad(
      'tree-without-superblock',
      'The hash tree without its superblock, as veritysetup --no-superblock writes it.',
      'tree-without-superblock',
    ),
  ];
}

/** Cases about the signature beside the root hash. */
export function signatures({ rootHashes }: SidecarFiles): readonly SidecarDraft[] {
  const by = (head: Head, code: ReasonCode, rootHashSignature: string | null, more: Edit = {}) =>
    badlySigned(head, code, { rootHashSignature, ...more });
  return [
    by(['Signature', 'unsigned', 'No signature beside the root hash.'], 'unsigned', null),
    by(
      ['Signature', 'signature-for-usr-alone', 'The signature is beside the image under the name for /usr.'],
      'unsigned',
      null,
      { usrHashSignature: 'erofs.p7s' },
    ),
    malformed(
      ['Signature', 'signature-empty', 'The file of the signature is empty, which systemd refuses.'],
      { rootHashSignature: 'empty.p7s' },
    ),
    by(
      ['Signature', 'signature-of-other', 'The signature of another root hash.'],
      'signature-invalid',
      'other.p7s',
    ),
    by(
      ['Signature', 'signature-by-other', 'The signature of somebody who is not trusted.'],
      'signer-untrusted',
      'stranger.p7s',
    ),
    by(
      ['Signature', 'signature-of-newline', 'Signed is the file of the root hash, newline and all.'],
      'signature-invalid',
      'newline.p7s',
    ),
    by(
      ['Signature', 'signature-of-capitals', 'Signed is the root hash in capitals, as the file has it.'],
      'signature-invalid',
      'capitals.p7s',
      { rootHash: rootHashes.erofs.toUpperCase() },
    ),
    by(
      ['Signature', 'signature-base64', 'The signature is in base64; systemd takes the file as it is.'],
      'malformed',
      'base64.p7s',
    ),
    by(
      ['Signature', 'signature-pem', 'The signature is in PEM; systemd takes the file as it is.'],
      'malformed',
      'pem.p7s',
    ),
  ];
}
