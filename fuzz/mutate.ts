import type { Random } from './random.ts';

type Mutation = (bytes: Buffer, random: Random, other: Uint8Array) => Buffer;

/** Values at which counts, lengths and offsets go wrong. */
const interesting: readonly bigint[] = [0, 1, 2, 7, 8, 15, 16, 31, 32, 52, 53, 60, 62, 63, 64].flatMap(
  (bits) => {
    const power = 2n ** BigInt(bits);
    return [power - 1n, power, -power].map((value) => BigInt.asUintN(64, value));
  },
);

const inPlace =
  (edit: (bytes: Buffer, at: number, random: Random) => void): Mutation =>
  (bytes, random) => {
    if (bytes.length >= 8) edit(bytes, placeIn(bytes, random), random);
    return bytes;
  };

/** Mostly where something is: images are zeros for the most part. */
function placeIn(bytes: Buffer, random: Random): number {
  const last = bytes.length - 8;
  for (let tries = 0; tries < 8; tries++) {
    const at = random.below(last + 1);
    if (bytes[at] !== 0) return at;
  }
  return random.below(Math.min(last + 1, 4096));
}

const mutations: readonly Mutation[] = [
  inPlace((bytes, at, random) => void bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)),
  inPlace((bytes, at, random) => void bytes.writeUInt8(random.below(256), at)),
  inPlace((bytes, at, random) => void bytes.writeBigUInt64LE(random.pick(interesting), at)),
  inPlace(
    (bytes, at, random) => void bytes.writeUInt32LE(Number(random.pick(interesting) & 0xffff_ffffn), at),
  ),
  inPlace((bytes, at, random) => void bytes.writeUInt16BE(Number(random.pick(interesting) & 0xffffn), at)),
  inPlace(
    (bytes, at, random) => void bytes.copyWithin(at, placeIn(bytes, random), at + 1 + random.below(64)),
  ),
  inPlace((bytes, at, random) => void bytes.subarray(at, at + 1 + random.below(512)).fill(0)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const length = random.below(32);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(32))]);
  },
  (bytes, random, other) => {
    const at = random.below(Math.min(bytes.length, other.length));
    const length = 1 + random.below(256);
    bytes.set(other.subarray(at, at + Math.min(length, bytes.length - at)), at);
    return bytes;
  },
];

/**
 * A mutant of a seed: one to four edits, biased to where the seed has content.
 *
 * @param other another seed to take bytes from.
 */
export function mutate(seed: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(seed);
  for (let edits = 1 + random.below(4); edits > 0; edits--)
    bytes = random.pick(mutations)(bytes, random, other);
  return bytes;
}
