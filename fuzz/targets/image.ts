import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { repairGpt } from '../../test-vectors/generate/gpt-writer.ts';
import { type ImageCase, imageGroupShape } from '../../test-vectors/generate/image-group.ts';
import { checkContent, openOrRefuse } from '../../verifier/check-content.ts';
import { readImageRelease } from '../../verifier/image-release.ts';
import { bytesSource } from '../../verifier/image/bytes-source.ts';
import { readSidecarClaim } from '../../verifier/image/sidecars.ts';
import { parseSignaturePartition } from '../../verifier/image/signature-json.ts';
import { parseVeritySuperblock } from '../../verifier/image/verity-superblock.ts';
import { trustOnlyPolicy } from '../../verifier/policy/trust-only-policy.ts';
import { parseCertificates } from '../../verifier/trust/certificate.ts';
import { verifyRootHashSignature } from '../../verifier/trust/root-hash-signature.ts';
import type { Target } from '../target.ts';

const directory = join('test-vectors', 'image');
/** Larger ones say nothing that smaller ones do not, at a fraction of the rate. */
const maximumSeedBytes = 1_200_000;

function imageCases(): readonly ImageCase[] {
  return imageGroupShape.parse(JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8'))).cases;
}

function imageSeeds(cases: readonly ImageCase[]): readonly Uint8Array[] {
  return cases
    .map(({ inputs }) => gunzipSync(readFileSync(join(directory, inputs.image))))
    .filter((bytes) => bytes.length <= maximumSeedBytes);
}

/**
 * The whole pipeline but for the policy: tree, signature and release data, with trust in every signer of the vectors.
 *
 * @param repair gives the partition table right CRCs and the backup that it should have, so that mutants of it get further.
 */
async function pipelineTarget(name: string, repair: boolean): Promise<Target> {
  const cases = imageCases();
  const signers = new Set(cases.flatMap(({ inputs }) => inputs.certificate ?? []));
  const certificates = [...signers].flatMap((file) =>
    parseCertificates(readFileSync(join(directory, file)), file),
  );
  const now = new Date(Math.max(...certificates.map(({ notBefore }) => notBefore.getTime())) + 1000);
  const anchors = trustOnlyPolicy(certificates).anchors;
  const judge = async (bytes: Uint8Array): Promise<string | null> => {
    const source = bytesSource(bytes);
    const image = await openOrRefuse({ image: source });
    if ('code' in image || image.signature === null) return null;
    const { data, integrity } = await checkContent(image, source, { full: true });
    if (data === null) return null;
    // Its verdict depends on the name, and is no part of what was signed; but it reads file systems.
    await readImageRelease(data, { class: 'sysext', name: 'tools' }, image.designator, null);
    const verdict = verifyRootHashSignature(image.signature.rootHash, image.signature.cms, anchors, now);
    if (!verdict.signed) return null;
    const { rootHash, signers } = verdict.signature;
    return `${rootHash} by ${signers.map(({ certificate }) => certificate.sha256).join()}, ${integrity.dataBytes} bytes`;
  };
  const seeds = imageSeeds(cases);
  const meanings = await Promise.all(seeds.map(judge));
  return {
    name,
    seeds,
    meanings: new Set(meanings.flatMap((one) => one ?? [])),
    run: (mutant) => {
      const bytes = Buffer.from(mutant);
      if (repair && bytes.length >= 64 * 1024) tryRepair(bytes);
      return judge(bytes);
    },
  };
}

function tryRepair(bytes: Buffer): void {
  try {
    repairGpt(bytes);
  } catch (error) {
    // The writer of test images expects a table where one is; a mutant without one goes on as it is.
    if (!(error instanceof RangeError)) throw error;
  }
}

export const imageTarget = () => pipelineTarget('image', false);
export const tableTarget = () => pipelineTarget('partition-table', true);

/** Superblocks on their own. */
export function superblockTarget(): Target {
  const superblocks = imageSeeds(imageCases()).flatMap((bytes) => {
    const at = Buffer.from(bytes).indexOf('verity\0\0');
    return at === -1 ? [] : [bytes.subarray(at, at + 512)];
  });
  return {
    name: 'verity-superblock',
    seeds: superblocks,
    meanings: null,
    run: (mutant) => String(parseVeritySuperblock(mutant).dataBlocks),
  };
}

/** The JSON of signature partitions. */
export function signaturePartitionTarget(): Target {
  const texts = imageSeeds(imageCases()).flatMap((bytes) => {
    const at = Buffer.from(bytes).indexOf('{"rootHash"');
    return at === -1 ? [] : [bytes.subarray(at, at + 4096)];
  });
  return {
    name: 'signature-partition',
    seeds: texts,
    meanings: null,
    run: (mutant) => parseSignaturePartition(mutant).rootHash,
  };
}

/** The text of root hash files. */
export function rootHashTextTarget(): Target {
  const hash = 'ab'.repeat(32);
  return {
    name: 'root-hash-text',
    seeds: [`${hash}\n`, ` ${hash.toUpperCase()}\t\r\n`, hash + hash, ''].map((text) => Buffer.from(text)),
    meanings: null,
    run: (text) => {
      const rootHashes = [{ designator: 'root', name: 'x.roothash', text }] as const;
      const claim = readSidecarClaim({ hashTree: null, rootHashes, signatures: { root: null, usr: null } });
      assert.match(claim?.rootHash ?? '', /^(?:[0-9a-f]{64}|[0-9a-f]{128})$/);
      return claim?.rootHash ?? null;
    },
  };
}
