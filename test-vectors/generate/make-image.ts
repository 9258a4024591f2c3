import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { partitionTypes } from '../../verifier/image/partition-type-table.ts';
import type { Architecture } from '../../verifier/image/partition-types.ts';
import { writeGpt } from './gpt-writer.ts';
import { type VerityOptions, writeVerity } from './verity-writer.ts';

export interface ImageOptions {
  /** File system image; its size is a multiple of the data block size. */
  readonly data: Uint8Array;
  readonly architecture?: Architecture;
  readonly designator?: 'root' | 'usr';
  readonly verity?: VerityOptions;
  /** Makes the PKCS#7 over the root hash; without it the image has no signature partition. */
  readonly sign?: (rootHash: string) => Uint8Array;
  /** In place of the JSON that the signature partition would have. */
  readonly signatureText?: (rootHash: string, cms: Uint8Array) => string;
  /** In place of the UUIDs that the root hash gives. */
  readonly uuids?: { readonly data: string; readonly verity: string };
  /** Sectors that data and hash partition have beyond what is in them. */
  readonly slack?: number;
  /** Bytes; 512 if absent. */
  readonly sectorSize?: number;
  /** How many entries the partition table has room for; 128 if absent. */
  readonly entryCount?: number;
}

/** An image, and where its parts are. */
export interface MadeImage {
  readonly bytes: Buffer;
  readonly rootHash: string;
  readonly dataOffset: number;
  readonly verityOffset: number;
  /** Bytes of superblock and hash tree. */
  readonly verityLength: number;
  readonly signatureOffset: number | null;
  readonly signatureLength: number;
}

/** Makes an image as systemd-repart lays it out, from the same input always the same bytes but for the signature. */
export function makeDdi(options: ImageOptions): MadeImage {
  const { data, architecture = 'x86-64', designator = 'root', slack = 0 } = options;
  const verity = writeVerity(data, options.verity);
  const { rootHash } = verity;
  const uuids = options.uuids ?? { data: rootHash.slice(0, 32), verity: rootHash.slice(-32) };
  const signature =
    options.sign === undefined ? null : signaturePartition(options, rootHash, options.sign(rootHash));
  const type = (part: 'data' | 'verity' | 'signature'): string =>
    partitionTypes[architecture][designator][part];
  const partitions = [
    { type: type('data'), uuid: uuids.data, name: `${designator}-${architecture}`, bytes: data, slack },
    { type: type('verity'), uuid: uuids.verity, name: `${designator}-verity`, bytes: verity.bytes, slack },
    ...(signature === null
      ? []
      : [
          {
            type: type('signature'),
            uuid: 'c0ffee'.repeat(6).slice(0, 32),
            name: 'signature',
            bytes: signature.bytes,
          },
        ]),
  ];
  const { bytes, offsets } = writeGpt(partitions, options.sectorSize, options.entryCount);
  return {
    bytes,
    rootHash,
    dataOffset: offsets[0] ?? 0,
    verityOffset: offsets[1] ?? 0,
    verityLength: verity.bytes.length,
    signatureOffset: offsets[2] ?? null,
    signatureLength: signature?.text.length ?? 0,
  };
}

function signaturePartition(
  { signatureText = signatureJson }: ImageOptions,
  rootHash: string,
  cms: Uint8Array,
) {
  const text = Buffer.from(signatureText(rootHash, cms));
  return { text, bytes: Buffer.concat([text], Math.max(16384, Math.ceil(text.length / 4096) * 4096)) };
}

/** The JSON of a signature partition, with the members systemd reads. */
export function signatureJson(rootHash: string, cms: Uint8Array): string {
  return JSON.stringify({ rootHash, signature: Buffer.from(cms).toString('base64') });
}

/** An EROFS image of some files, by mkfs.erofs, the same for the same files. */
export function makeErofs(files: Readonly<Record<string, string>>): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-erofs-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, 'tree', name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeFileSync(path, content, { mode: 0o644 });
    }
    const image = join(directory, 'image');
    const reproducible = ['-T0', '-U', '00000000-0000-4000-8000-000000000000', '--all-root'];
    execFileSync('mkfs.erofs', [...reproducible, image, join(directory, 'tree')], { stdio: 'ignore' });
    return readFileSync(image);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
