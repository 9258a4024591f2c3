import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { contentEdits } from './image-content-edits.ts';
import { type ImageCase, type ImageGroup, imageGroupShape, imageSchemaText } from './image-group.ts';
import { tableEdits } from './image-table-edits.ts';

const notes: ImageGroup['notes'] = {
  Genuine: {
    effect: 'An image as systemd-repart makes it; to refuse it is to refuse honest vendors.',
    reference: 'systemd-repart(8), --make-ddi=',
  },
  Polyglot: {
    effect: 'The file is two images, and systemd mounts the one that is not signed.',
    reference: 'libblkid/src/superblocks; systemd src/shared/dissect-image.c',
  },
  Table: {
    effect: 'Readers of the partition table see different partitions.',
    reference: 'UEFI 2.10 section 5.3; libblkid/src/partitions/gpt.c',
  },
  Partitions: {
    effect: 'systemd passes over a partition, or chooses another than the verifier.',
    reference: 'UAPI.2; systemd src/shared/dissect-image.c',
  },
  SignaturePartition: {
    effect: 'Two parsers read two root hashes or signatures.',
    reference: 'UAPI.2, verity signature partition; RFC 8259 section 4',
  },
  Superblock: {
    effect: 'The parameters of the hash tree, which nobody signs, change what the root hash means.',
    reference: 'cryptsetup lib/verity/verity.c; veritysetup(8)',
  },
  Corrupt: {
    effect: 'Data is accepted that has another root hash.',
    reference: 'kernel Documentation/admin-guide/device-mapper/verity.rst',
  },
  Identity: {
    effect: 'What was verified is not what systemd mounts.',
    reference: 'UAPI.2: partition UUIDs are halves of the root hash',
  },
};

const genuine: readonly ImageCase[] = [
  accepted('sysext-x86-64-rsa', 'rsa', 'A system extension.', {
    rootHash: '868366f6eb2189a8a006b11f77f081f3c53bc14085cafb4a3730221b97456c75',
  }),
  accepted(
    'sysext-arm64-ecdsa',
    'p256',
    'A system extension for the other architecture, signed with ECDSA.',
    {
      architecture: 'arm64',
      rootHash: '52effca494a7c9353fe7d218b2bda46eb0c11b5c6c10a24b4bea7545068a3c68',
    },
  ),
  accepted('confext-x86-64-ecdsa', 'p256', 'A configuration extension, signed with ECDSA.', {
    rootHash: '8e39ea42291aebb2d7aa794a9f5fc23cff197f757a057142c2a1fbf935e27183',
  }),
  accepted('confext-arm64-rsa', 'rsa', 'A configuration extension for the other architecture.', {
    architecture: 'arm64',
    rootHash: '96e1cdfc646c69374412da09e9167996906a015e70262ace9cd4c68d720aefaa',
  }),
  accepted('sysext-large-sectors', 'rsa', 'Sectors of 4096 bytes.', {
    sectorSize: 4096,
    rootHash: '4aeaa9f258e413050a8769c7a09f106badbb560559860339f196e5678d9b52c2',
  }),
  accepted('sysext-two-levels', 'rsa', 'A hash tree of two levels.', {
    dataBytes: 1_404_928,
    rootHash: 'c4fac8c78d99e32d5a3cae511d4aaf40aea6e9477a253d7fb34e2771fbae1722',
  }),
];

function accepted(
  id: string,
  certificate: 'rsa' | 'p256',
  comment: string,
  expected: { rootHash: string; architecture?: 'arm64'; sectorSize?: number; dataBytes?: number },
): ImageCase {
  const usual = {
    verdict: 'accepted',
    code: null,
    stage: null,
    architecture: 'x86-64',
    sectorSize: 512,
  } as const;
  return {
    id,
    comment,
    flags: ['Genuine'],
    inputs: { image: `${id}.raw.gz`, certificate: `${certificate}.pem` },
    expect: { ...usual, dataBytes: 4096, ...expected },
  };
}

// Writes the other cases, each one edit away from a genuine image of image-by-repart.sh, and the group. From the root
// of the repository: node dist/test-vectors/generate/image.js
const directory = join('test-vectors', 'image');
const edited = [...tableEdits, ...contentEdits].map(
  ({ id, comment, flags, from, edit, refused }): ImageCase => {
    const bytes = gunzipSync(readFileSync(join(directory, `${from}.raw.gz`)));
    writeFileSync(join(directory, `${id}.raw.gz`), gzipSync(edit(bytes), { level: 9 }));
    const original = genuine.find((one) => one.id === from);
    const inputs = { image: `${id}.raw.gz`, certificate: null };
    const expect = refused === null ? original?.expect : { verdict: 'refused', ...refused };
    return imageGroupShape.shape.cases.element.parse({ id, comment, flags, inputs, expect });
  },
);
const group = imageGroupShape.parse({
  schema: '../schemas/image.schema.json',
  generator: 'test-vectors/generate/image.ts',
  notes,
  cases: [...genuine, ...edited],
});
writeFileSync(join(directory, 'image.json'), `${JSON.stringify(group, null, 2)}\n`);
writeFileSync(join('test-vectors', 'schemas', 'image.schema.json'), imageSchemaText());
