import { createHash } from 'node:crypto';

export interface VerityOptions {
  readonly algorithm?: 'sha256' | 'sha512';
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
    salt = Buffer.alloc(32, 0x5c),
    dataBlockSize = 4096,
    hashBlockSize = 4096,
  } = options;
  const hash = (block: Uint8Array): Buffer => createHash(algorithm).update(salt).update(block).digest();
  const levels: Buffer[] = [];
  let digests = blocks(data, dataBlockSize).map(hash);
  while (digests.length > 1) {
    const level = packLevel(digests, hashBlockSize);
    levels.unshift(level);
    digests = blocks(level, hashBlockSize).map(hash);
  }
  const superblock = Buffer.alloc(Math.max(512, hashBlockSize));
  superblock.write('verity\0\0', 0, 'latin1');
  superblock.writeUInt32LE(1, 8);
  superblock.writeUInt32LE(1, 12);
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

function packLevel(digests: readonly Buffer[], blockSize: number): Buffer {
  const stride = 2 ** Math.ceil(Math.log2(digests[0]?.length ?? 1));
  const perBlock = blockSize / stride;
  const level = Buffer.alloc(Math.ceil(digests.length / perBlock) * blockSize);
  digests.forEach((value, index) => {
    value.copy(level, Math.floor(index / perBlock) * blockSize + (index % perBlock) * stride);
  });
  return level;
}
