import { join } from 'node:path';

import { z } from 'zod';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import { parseShape } from '../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../verifier/bytes/strict-json.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { checkAttestationKey } from '../../verifier/tpm/attestation-key.ts';
import { parseTpm2bPublic, type PublicArea } from '../../verifier/tpm/public-area.ts';
import { makePrivateDirectory, readIfPresent, writeDurable } from '../os/durable-file.ts';
import { stateDirectory } from '../os/own-paths.ts';
import type { TpmDevice } from '../tpm-device/device.ts';

/** The host's keys, and where the TPM keeps the one that signs. */
export interface HostIdentity {
  readonly identity: Identity;
  readonly attestationKey: PublicArea;
  readonly attestationKeyHandle: number;
  readonly endorsementKeyHandle: number;
  /** `replaced`: an earlier start had another key; the TPM was cleared since, or it is another TPM. */
  readonly origin: 'kept' | 'created' | 'replaced';
}

const recordShape = z.strictObject({ version: z.literal(1), attestationKey: z.string() });

const recordFile = 'identity.json';

/**
 * The host's keys: made on the first start, found again on every other. What is written down is only which key it was,
 * so that a TPM that was cleared is noticed; nothing on disk is secret.
 *
 * @throws CouldNotDecide if the TPM has no such keys and cannot make them.
 */
export async function ensureIdentity(root: string, device: TpmDevice): Promise<HostIdentity> {
  const endorsement = await device.createEndorsementKey();
  const attestation = await device.createAttestationKey();
  const attestationKey = parseTpm2bPublic(attestation.public);
  const [unfit] = checkAttestationKey(attestationKey);
  if (unfit !== undefined)
    throw new CouldNotDecide(`the attestation key in the TPM cannot be used: ${unfit.message}`);
  const certificate = await device.readEndorsementCertificate();
  return {
    identity: { version: 1, endorsement: { public: endorsement.public, certificate }, attestation },
    attestationKey,
    attestationKeyHandle: attestation.handle,
    endorsementKeyHandle: endorsement.handle,
    origin: await remember(root, attestationKey.name),
  };
}

async function remember(root: string, name: Hex): Promise<HostIdentity['origin']> {
  const bytes = await readIfPresent(root, join(stateDirectory, recordFile), 4096);
  const before = bytes === null ? null : parseRecord(bytes).attestationKey;
  if (before === name) return 'kept';
  const directory = await makePrivateDirectory(root, stateDirectory);
  const record = `${JSON.stringify({ version: 1, attestationKey: name })}\n`;
  await writeDurable(join(directory, recordFile), Buffer.from(record), 0o600);
  return before === null ? 'created' : 'replaced';
}

function parseRecord(bytes: Uint8Array): z.infer<typeof recordShape> {
  const json = parseStrictJson(bytes, recordFile, { maximumLength: 4096, maximumDepth: 2 });
  return parseShape(recordShape, json, recordFile);
}
