import { badlySigned, fine, malformed, mismatch, type SidecarDraft, unprotected } from './sidecar-draft.ts';
import type { SidecarFiles } from './sidecar-files.ts';

/** Cases about where root hashes stand, and which systemd takes. */
export function places({ rootHashes }: SidecarFiles): readonly SidecarDraft[] {
  const hash = rootHashes.erofs;
  const other = rootHashes['other'] ?? '';
  const attribute = { 'systemd-dissect': 'Takes the attribute, and does not look for a file.' };
  const root = {
    'systemd-dissect': 'Takes the root hash for the root directory, and does not look for another.',
  };
  return [
    fine(['Places', 'attribute', 'The root hash in an extended attribute.'], {
      rootHash: null,
      rootHashAttribute: hash,
    }),
    fine(['Places', 'attribute-and-file', 'The root hash in an extended attribute and in a file.'], {
      rootHashAttribute: hash,
    }),
    fine(['Places', 'signature-for-usr', 'A signature for /usr as well, which belongs to no root hash.'], {
      usrHashSignature: 'other.p7s',
    }),
    malformed(
      [
        'Places',
        'attribute-differs',
        'The extended attribute names another root hash than the file; systemd takes the attribute.',
      ],
      { rootHashAttribute: other },
      attribute,
    ),
    malformed(
      [
        'Places',
        'file-differs',
        'The file names another root hash than the extended attribute, which is right.',
      ],
      { rootHash: other, rootHashAttribute: hash },
      attribute,
    ),
    malformed(
      ['Places', 'root-and-usr', 'Root hashes for the root directory and for /usr; systemd takes the first.'],
      { usrHash: hash },
      root,
    ),
    malformed(
      ['Places', 'root-and-usr-attribute', 'A root hash for the root directory, and an attribute for /usr.'],
      { usrHashAttribute: hash },
      root,
    ),
  ];
}

/** Cases in which systemd mounts the image as it is. */
export function unprotectedCases({ rootHashes }: SidecarFiles): readonly SidecarDraft[] {
  const hash = rootHashes.erofs;
  return [
    unprotected(['Unprotected', 'nothing-beside', 'A file system and nothing beside it.'], {
      verity: null,
      rootHash: null,
      rootHashSignature: null,
    }),
    unprotected(
      [
        'Unprotected',
        'no-tree',
        'Root hash and signature, and no hash tree: systemd mounts the image as it is.',
      ],
      { verity: null },
    ),
    unprotected(
      [
        'Unprotected',
        'no-root-hash',
        'Hash tree and signature, and no root hash: systemd mounts the image as it is.',
      ],
      { rootHash: null },
    ),
    unprotected(
      [
        'Unprotected',
        'usr-hash',
        'The root hash is said to be for /usr; a file system without partitions is a root directory, and systemd mounts it as it is.',
      ],
      {
        rootHash: null,
        rootHashSignature: null,
        usrHash: hash,
        usrHashSignature: 'erofs.p7s',
      },
    ),
    unprotected(['Unprotected', 'usr-attribute', 'The same by an extended attribute.'], {
      rootHash: null,
      rootHashSignature: null,
      usrHashAttribute: hash,
      usrHashSignature: 'erofs.p7s',
    }),
  ];
}

/** Cases with a partition table. */
export function tables({ rootHashes }: SidecarFiles): readonly SidecarDraft[] {
  const hash = rootHashes['gpt'] ?? '';
  const beside = { openssl: 'The message is good; systemd does not ask for it.' };
  const alone = { image: 'gpt.raw.gz', verity: null, rootHash: null, rootHashSignature: null };
  const unsigned = { ...alone, image: 'gpt-unsigned.raw.gz' };
  const usr = { ...alone, image: 'gpt-usr-unsigned.raw.gz' };
  return [
    fine(['Table', 'gpt', 'A GPT image with its own signature and nothing beside it.'], alone),
    fine(
      ['Table', 'gpt-root-hash', 'A GPT image with its own signature, and the same root hash beside it.'],
      { ...alone, rootHash: hash },
    ),
    badlySigned(
      [
        'Table',
        'gpt-signature-beside',
        'A GPT image without a signature partition, with root hash and signature beside it: an image policy of systemd counts the partition alone.',
      ],
      'unsigned',
      { ...unsigned, rootHash: hash, rootHashSignature: 'gpt.p7s' },
      beside,
    ),
    badlySigned(
      ['Table', 'gpt-usr', 'The same with partitions for /usr.'],
      'unsigned',
      { ...usr, usrHash: hash, usrHashSignature: 'gpt.p7s' },
      beside,
    ),
  ];
}

/** Cases with a partition table that does not go with what is beside it. */
export function contradictions({ rootHashes }: SidecarFiles): readonly SidecarDraft[] {
  const hash = rootHashes['gpt'] ?? '';
  const other = rootHashes['other'] ?? '';
  const alone = { image: 'gpt.raw.gz', verity: null, rootHash: null, rootHashSignature: null };
  const unsigned = { ...alone, image: 'gpt-unsigned.raw.gz' };
  const usr = { ...alone, image: 'gpt-usr-unsigned.raw.gz' };
  return [
    malformed(
      ['Table', 'gpt-tree-beside', 'A GPT image with a hash tree beside it, which systemd refuses.'],
      { ...alone, verity: 'erofs.verity.gz' },
    ),
    mismatch(
      [
        'Table',
        'gpt-other-root-hash',
        'A GPT image with its own signature, and another root hash beside it.',
      ],
      { ...alone, rootHash: other },
    ),
    mismatch(
      [
        'Table',
        'gpt-other-signature-beside',
        'A GPT image with another root hash and its signature beside it.',
      ],
      { ...alone, rootHash: other, rootHashSignature: 'other.p7s' },
    ),
    malformed(
      ['Table', 'gpt-for-usr', 'A GPT image with a root partition, beside it a root hash for /usr.'],
      { ...alone, usrHash: hash },
    ),
    malformed(
      [
        'Table',
        'gpt-usr-for-root',
        'A GPT image with a partition for /usr, beside it a root hash for the root directory.',
      ],
      { ...usr, rootHash: hash, rootHashSignature: 'gpt.p7s' },
    ),
    badlySigned(
      [
        'Table',
        'gpt-bad-signature-beside',
        'A GPT image with its own good signature; the one beside it, which systemd takes, is of another root hash.',
      ],
      'signature-invalid',
      { ...alone, rootHash: hash, rootHashSignature: 'other.p7s' },
      { 'systemd-dissect': 'Does not verify signatures.' },
    ),
    badlySigned(
      ['Table', 'gpt-unsigned', 'A GPT image without a signature, beside it a root hash alone.'],
      'unsigned',
      { ...unsigned, rootHash: hash },
    ),
  ];
}
