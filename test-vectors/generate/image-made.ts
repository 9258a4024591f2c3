import { type ImageOptions, signatureJson } from './make-image.ts';

/** A case that is accepted, made from the file system of a genuine one. */
export interface MadeCase {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  /** `long` has 1,404,928 bytes, `short` 4096. */
  readonly options: (long: Buffer, short: Buffer) => Omit<ImageOptions, 'sign'>;
  /** Without signature partition. */
  readonly unsigned?: true;
}

/** Bytes and zeros up to a whole number of blocks. */
export const padded = (bytes: Buffer, block: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)]);

const blocks = (dataBlockSize: number, hashBlockSize: number): MadeCase => ({
  id: `blocks-${dataBlockSize}-${hashBlockSize}`,
  comment: `Data blocks of ${dataBlockSize} bytes, hash blocks of ${hashBlockSize}.`,
  flags: ['Geometry'],
  options: (long) => ({ data: padded(long, dataBlockSize), verity: { dataBlockSize, hashBlockSize } }),
});

const salt = (bytes: number): MadeCase => ({
  id: `salt-${bytes}`,
  comment: `A salt of ${bytes} bytes.`,
  flags: ['Geometry'],
  options: (_, short) => ({
    data: short,
    verity: { salt: Buffer.alloc(bytes, 'salt'), dataBlockSize: 512, hashBlockSize: 512 },
  }),
});

const sectors = (sectorSize: number): MadeCase => ({
  id: `sectors-${sectorSize}`,
  comment: `Sectors of ${sectorSize} bytes.`,
  flags: ['Table'],
  options: (_, short) => ({ data: short, sectorSize }),
});

const architecture = (
  name: NonNullable<ImageOptions['architecture']>,
  designator: 'root' | 'usr',
): MadeCase => ({
  id: `${designator}-${name}`,
  comment: `Partition types of ${designator} on ${name}.`,
  flags: ['Partitions'],
  options: (_, short) => ({ data: short, architecture: name, designator }),
});

const geometries: readonly MadeCase[] = [
  ...([512, 1024, 2048, 8192, 16_384, 32_768, 65_536] as const).map((size) => blocks(size, size)),
  blocks(512, 65_536),
  blocks(65_536, 512),
  blocks(512, 4096),
  {
    ...blocks(4096, 512),
    id: 'three-levels',
    comment: 'A hash tree of three levels: data blocks of 4096 bytes, hash blocks of 512.',
  },
  ...[0, 1, 32, 255, 256].map(salt),
  {
    id: 'one-block',
    comment: 'A single data block of 64 KiB: no tree at all, the root hash is that of the block.',
    flags: ['Geometry'],
    options: (long) => ({
      data: long.subarray(0, 65_536),
      verity: { dataBlockSize: 65_536, hashBlockSize: 4096 },
    }),
  },
  {
    id: 'full-hash-block',
    comment: 'As many data blocks as one hash block has digests.',
    flags: ['Geometry'],
    options: (long) => ({ data: long.subarray(0, 128 * 4096) }),
  },
  {
    id: 'full-hash-block-and-one',
    comment: 'One data block more than one hash block has digests: a second level.',
    flags: ['Geometry'],
    options: (long) => ({ data: long.subarray(0, 129 * 4096) }),
  },
  {
    id: 'sha512',
    comment: 'A hash tree by SHA-512.',
    flags: ['Geometry'],
    options: (long) => ({ data: long, verity: { algorithm: 'sha512' } }),
  },
  {
    id: 'sha512-small-blocks',
    comment: 'SHA-512 and blocks of 512 bytes: a tree of four levels, eight digests a block.',
    flags: ['Geometry'],
    options: (long) => ({
      data: long,
      verity: { algorithm: 'sha512', dataBlockSize: 512, hashBlockSize: 512 },
    }),
  },
  {
    id: 'hash-type-0',
    comment:
      'A hash tree of type 0, the salt after the data: whole, and of use only where a policy admits it.',
    flags: ['HashType0'],
    options: (long) => ({ data: long, verity: { hashType: 0 } }),
  },
  {
    id: 'hash-type-0-three-levels',
    comment: 'A hash tree of type 0 and of three levels.',
    flags: ['HashType0'],
    options: (long) => ({ data: long, verity: { hashType: 0, hashBlockSize: 512 } }),
  },
  {
    id: 'slack',
    comment: 'Partitions larger than the data covered and than the tree; what follows is zero.',
    flags: ['Geometry'],
    options: (long) => ({ data: long, slack: 16 }),
  },
];

const tables: readonly MadeCase[] = [
  ...[1024, 2048, 4096].map(sectors),
  {
    id: 'four-entries',
    comment: 'A partition table with room for four entries.',
    flags: ['Table'],
    options: (_, short) => ({ data: short, entryCount: 4 }),
  },
  {
    id: 'many-entries',
    comment: 'A partition table with room for 256 entries.',
    flags: ['Table'],
    options: (_, short) => ({ data: short, entryCount: 256 }),
  },
  architecture('x86-64', 'usr'),
  architecture('arm64', 'usr'),
  architecture('riscv64', 'root'),
  architecture('s390x', 'usr'),
  architecture('ppc64-le', 'root'),
  architecture('loongarch64', 'usr'),
  architecture('x86', 'root'),
  architecture('arm', 'usr'),
];

const signatures: readonly MadeCase[] = [
  {
    id: 'unsigned',
    comment: 'No signature partition: the UUIDs of the partitions are the halves of the root hash.',
    flags: ['Identity'],
    options: (_, short) => ({ data: short }),
    unsigned: true,
  },
  {
    id: 'signature-no-fingerprint',
    comment: 'The signature partition names no certificate.',
    flags: ['SignaturePartition'],
    options: (_, short) => ({ data: short, signatureText: signatureJson }),
  },
  {
    id: 'signature-without-zeros',
    comment: 'The text of the signature partition fills it: white space stands where zeros usually do.',
    flags: ['SignaturePartition'],
    options: (_, short) => ({
      data: short,
      signatureText: (rootHash, cms) => signatureJson(rootHash, cms).padEnd(16_384, ' \n'),
    }),
  },
  {
    id: 'signature-4-mib',
    comment: 'A signature partition of 4 MiB, the most that systemd reads.',
    flags: ['SignaturePartition'],
    options: (_, short) => ({
      data: short,
      signatureText: (rootHash, cms) => signatureJson(rootHash, cms).padEnd(4 * 1024 * 1024),
    }),
  },
];

/** Cases without an edit, which others can be made from. */
export const madeCases: readonly MadeCase[] = [...geometries, ...tables, ...signatures];

const weak = (algorithm: string): MadeCase => ({
  id: `tree-${algorithm}`,
  comment: `A hash tree by ${algorithm} with the right root hash.`,
  flags: ['Superblock'],
  options: (long) => ({ data: long, verity: { algorithm } }),
});

/** Images that are whole, with trees by other digests than those that are verified. */
export const refusedKinds: readonly MadeCase[] = ['sha1', 'sha224', 'sha384', 'sha3-256'].map(weak);
