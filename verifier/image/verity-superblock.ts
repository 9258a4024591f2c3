import { Cursor } from '../bytes/cursor.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { isZero } from './zero.ts';

/** The digests that hash trees are verified with; of the others, none that people use is better and some are broken. */
const verityDigests = ['sha256', 'sha512'] as const;

export type VerityDigest = (typeof verityDigests)[number];

/**
 * The parameters of a hash tree. Nobody signs them. Algorithm, hash type, salt and block sizes are bound by the root hash,
 * since a tree with others has another one; the number of data blocks is bound by the digests that `HashTree` finds, the
 * UUID by nothing.
 */
export interface VeritySuperblock {
  readonly uuid: Hex;
  /** 1: the salt is hashed before a block. 0: after it, as in Chrome OS. */
  readonly hashType: 0 | 1;
  /** As it is written: lowercase letters, digits, `-` and `_`. See `checkSupportedVerity`. */
  readonly algorithm: string;
  /** Bytes, as all sizes here. */
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
  /** How many blocks of the data partition the tree covers, from its start. */
  readonly dataBlocks: number;
  readonly salt: Uint8Array;
}

/** The parameters of a hash tree that can be verified. */
export type SupportedSuperblock = VeritySuperblock & { readonly algorithm: VerityDigest };

export const veritySuperblockSize = 512;

/** Whether the digest is one that is known here. */
export function isSupportedVerity(superblock: VeritySuperblock): superblock is SupportedSuperblock {
  return verityDigests.some((name) => name === superblock.algorithm);
}

/** Checks that a hash tree is one that can be verified. Whether it should be is for a policy to say. */
export function checkSupportedVerity(superblock: VeritySuperblock): readonly Reason[] {
  if (isSupportedVerity(superblock)) return [];
  const { algorithm } = superblock;
  return [
    reason('unsupported', `The hash tree is of ${algorithm} digests; only sha256 and sha512 are verified.`),
  ];
}

/**
 * Parses the first 512 bytes of a verity partition (struct verity_sb in cryptsetup's lib/verity/verity.c).
 *
 * @throws Malformed
 * @throws Unsupported for another version of the superblock.
 */
export function parseVeritySuperblock(bytes: Uint8Array): VeritySuperblock {
  const cursor = new Cursor(bytes, 'little');
  if (toHex(cursor.take(8, field('signature'))) !== '7665726974790000') {
    throw new Malformed('verity superblock', 'has no signature', 0);
  }
  const version = cursor.u32(field('version'));
  if (version !== 1) throw new Unsupported(field('version'), `is ${version} and not 1`);
  const hashType = takeHashType(cursor);
  const uuid = toHex(cursor.take(16, field('UUID')));
  const algorithm = parseAlgorithm(cursor.take(32, field('algorithm')));
  const dataBlockSize = takeBlockSize(cursor, field('data block size'));
  const hashBlockSize = takeBlockSize(cursor, field('hash block size'));
  const dataBlocks = cursor.u64Number(field('number of data blocks'));
  if (dataBlocks === 0 || !Number.isSafeInteger(dataBlocks * dataBlockSize)) {
    throw new Malformed(field('number of data blocks'), `is ${dataBlocks}`, 72);
  }
  const salt = takeSalt(cursor);
  if (!isZero(cursor.take(168, field('padding')))) throw new Malformed(field('padding'), 'is not zero', 344);
  cursor.end('verity superblock');
  return { uuid, hashType, algorithm, dataBlockSize, hashBlockSize, dataBlocks, salt };
}

const field = (name: string) => `verity superblock: ${name}`;

function takeHashType(cursor: Cursor): 0 | 1 {
  const hashType = cursor.u32(field('hash type'));
  if (hashType !== 0 && hashType !== 1) throw new Malformed(field('hash type'), `is ${hashType}`, 12);
  return hashType;
}

function parseAlgorithm(bytes: Uint8Array): string {
  const padded = Buffer.from(bytes).toString('latin1');
  const name = padded.replace(/\0+$/, '');
  // Only a name that is in order is worth repeating to a person.
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
    throw new Malformed(field('algorithm'), 'is not a name padded with zeros', 32);
  }
  return name;
}

function takeBlockSize(cursor: Cursor, name: string): number {
  const at = cursor.offset;
  const size = cursor.u32(name);
  if (size < 512 || size > 65_536 || (size & (size - 1)) !== 0) throw new Malformed(name, `is ${size}`, at);
  return size;
}

function takeSalt(cursor: Cursor): Uint8Array {
  const size = cursor.u16(field('salt size'));
  if (size > 256) throw new Malformed(field('salt size'), `is ${size}`, 80);
  if (!isZero(cursor.take(6, field('padding')))) throw new Malformed(field('padding'), 'is not zero', 82);
  const area = cursor.take(256, field('salt'));
  if (!isZero(area.subarray(size))) throw new Malformed(field('salt'), 'is not padded with zeros', 88);
  return new Uint8Array(area.subarray(0, size));
}
