import { createHash } from 'node:crypto';

export interface VerityOptions {
  /** As in the superblock, which is also how node:crypto names it. */
  readonly algorithm?: string;
  /** 1 for salt before data and digests at powers of two; 0 for data before salt and digests without space (Chrome OS). */
  readonly hashType?: 0 | 1;
  readonly salt?: Uint8Array;
  readonly dataBlockSize?: number;
  readonly hashBlockSize?: number;
}

/** Writes what `veritysetup format` writes: superblock, then the hash tree from the top level down. */
export function writeVerity(
  data: Uint8Array,
  options: VerityOptions = {},
): { readonly bytes: Buffer; readonly rootHash: string } {
  const {
    algorithm = 'sha256',
    hashType = 1,
    salt = Buffer.alloc(32, 0x5c),
    dataBlockSize = 4096,
    hashBlockSize = 4096,
  } = options;
  const hash = (block: Uint8Array): Buffer => {
    const [first, second] = hashType === 1 ? [salt, block] : [block, salt];
    return createHash(algorithm).update(first).update(second).digest();
  };
  const levels: Buffer[] = [];
  let digests = blocks(data, dataBlockSize).map(hash);
  while (digests.length > 1) {
    const level = packLevel(digests, hashBlockSize, hashType);
    levels.unshift(level);
    digests = blocks(level, hashBlockSize).map(hash);
  }
  const superblock = Buffer.alloc(Math.max(512, hashBlockSize));
  superblock.write('verity\0\0', 0, 'latin1');
  superblock.writeUInt32LE(1, 8);
  superblock.writeUInt32LE(hashType, 12);
  superblock.fill(0xa5, 16, 32);
  superblock.write(algorithm, 32, 'ascii');
  superblock.writeUInt32LE(dataBlockSize, 64);
  superblock.writeUInt32LE(hashBlockSize, 68);
  superblock.writeBigUInt64LE(BigInt(data.length / dataBlockSize), 72);
  superblock.writeUInt16LE(salt.length, 80);
  Buffer.from(salt).copy(superblock, 88);
  return { bytes: Buffer.concat([superblock, ...levels]), rootHash: digests[0]?.toString('hex') ?? '' };
}

function blocks(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

function packLevel(digests: readonly Buffer[], blockSize: number, hashType: 0 | 1): Buffer {
  const size = digests[0]?.length ?? 1;
  const stride = hashType === 0 ? size : 2 ** Math.ceil(Math.log2(size));
  const perBlock = 2 ** Math.floor(Math.log2(blockSize / size));
  const level = Buffer.alloc(Math.ceil(digests.length / perBlock) * blockSize);
  digests.forEach((value, index) => {
    value.copy(level, Math.floor(index / perBlock) * blockSize + (index % perBlock) * stride);
  });
  return level;
}
