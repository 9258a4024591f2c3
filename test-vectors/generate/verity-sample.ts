import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Hex, parseHex } from '../../verifier/bytes/hex.ts';
import type { ByteSource } from '../../verifier/image/byte-source.ts';
import type { VerityParts } from '../../verifier/image/verity-parts.ts';
import { parseVeritySuperblock } from '../../verifier/image/verity-superblock.ts';
import { type VerityOptions, writeVerity } from './verity-writer.ts';

/** Data and its hash tree in one file, with bytes that mean nothing before, between and behind them. */
export interface VeritySample {
  readonly bytes: Buffer;
  readonly rootHash: Hex;
  readonly dataOffset: number;
  readonly dataBytes: number;
  readonly treeOffset: number;
  /** With the superblock. */
  readonly treeBytes: number;
}

/** Bytes that differ from block to block, the same each time. */
export function blockContent(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

const filler = Buffer.alloc(1536, 0xee);

/** A sample of that many data blocks; `content` takes the place of the blocks' usual content. */
export function makeVeritySample(
  options: VerityOptions,
  blocks: number,
  content: Buffer = blockContent(blocks * (options.dataBlockSize ?? 4096)),
): VeritySample {
  const tree = writeVerity(content, options);
  return {
    bytes: Buffer.concat([filler, content, filler, tree.bytes, filler]),
    rootHash: parseHex(tree.rootHash, 'root hash'),
    dataOffset: filler.length,
    dataBytes: content.length,
    treeOffset: 2 * filler.length + content.length,
    treeBytes: tree.bytes.length,
  };
}

/** The parts of a sample in a source that has its bytes, or such that were edited. */
export function partsOf(sample: VeritySample, source: ByteSource, bytes: Buffer = sample.bytes): VerityParts {
  const { dataOffset, dataBytes, treeOffset, treeBytes } = sample;
  const behind = filler.length;
  return {
    superblock: parseVeritySuperblock(bytes.subarray(treeOffset, treeOffset + 512)),
    data: { source, file: 'the file', offset: dataOffset, length: dataBytes + behind },
    tree: { source, file: 'the file', offset: treeOffset, length: treeBytes + behind },
  };
}

/** Whether `veritysetup verify` finds that data and tree, as they are in `bytes`, have the sample's root hash. */
export function veritysetupAccepts(sample: VeritySample, bytes: Buffer = sample.bytes): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-verity-'));
  const [data, tree] = [join(directory, 'data'), join(directory, 'tree')];
  try {
    writeFileSync(data, bytes.subarray(sample.dataOffset, sample.dataOffset + sample.dataBytes));
    writeFileSync(tree, bytes.subarray(sample.treeOffset, sample.treeOffset + sample.treeBytes));
    return spawnSync('veritysetup', ['verify', data, tree, sample.rootHash]).status === 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
