import { verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { policyFiles } from '../server/host/policy-files.ts';
import { createAppraiser } from '../verifier/appraisal/appraiser.ts';
import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { parseEvidence } from '../verifier/evidence/evidence.ts';
import { parseIdentity } from '../verifier/evidence/identity.ts';
import { loadPolicy } from '../verifier/policy/load.ts';
import { parseTpm2bPublic } from '../verifier/tpm/public-area.ts';
import { parseSignature } from '../verifier/tpm/signature.ts';
import type { AppraiseSample } from './appraise-request.ts';

/** One thing that is done for a challenge, by its number. */
export type Way = (challenge: number) => void;

/** What is measured, by name; the first is what the others are compared with. */
export async function makeWays(sample: AppraiseSample): Promise<ReadonlyMap<string, Way>> {
  const identity = parseIdentity(Buffer.from(sample.identity));
  const path = sample.policyFile;
  const policy = await loadPolicy({ text: await readFile(path), path, files: policyFiles(path, '/') });
  const challenges = sample.challenges.map(({ nonce, whole, known }) => ({
    nonce: new Uint8Array(Buffer.from(nonce, 'hex')),
    whole: new Uint8Array(Buffer.from(whole)),
    known: new Uint8Array(Buffer.from(known)),
  }));
  const log = new Uint8Array(Buffer.from(sample.firmwareLog, 'base64'));
  const settings = { policy, knownFirmwareLogs: [log] };
  const way = (form: 'whole' | 'known', rememberedHosts?: number): Way => {
    const memory = rememberedHosts === undefined ? {} : { rememberedHosts };
    const appraiser = createAppraiser({ ...settings, ...memory });
    return (number) => {
      const { [form]: evidence, nonce } = pick(challenges, number);
      const { verdict } = appraiser.appraise({
        ...{ evidence, nonce, identity, now: new Date(), labels: new Map() },
      });
      if (verdict !== 'trustworthy') throw new CouldNotDecide(`the evidence is ${verdict}`);
    };
  };
  const key = parseTpm2bPublic(identity.attestation.public).publicKey;
  const signed = challenges.map(({ known }) => signedBytes(known));
  return new Map<string, Way>([
    [
      'node:crypto verifies P-256 alone',
      (number) => {
        const { bytes, signature } = pick(signed, number);
        if (!verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature))
          throw new CouldNotDecide('a signature does not verify');
      },
    ],
    ['firmware log known, host seen before', way('known')],
    ['firmware log known, host not seen before', way('known', 0)],
    ['firmware log parsed anew', way('whole', 0)],
  ]);
}

function signedBytes(evidence: Uint8Array): { readonly bytes: Uint8Array; readonly signature: Uint8Array } {
  const { quote } = parseEvidence(evidence);
  const parsed = parseSignature(quote.signature);
  if (parsed.algorithm !== 'ecdsa') throw new CouldNotDecide('the TPM has no P-256 key');
  const signature = new Uint8Array(64);
  signature.set(parsed.r, 32 - parsed.r.length);
  signature.set(parsed.s, 64 - parsed.s.length);
  return { bytes: quote.attested, signature };
}

function pick<T>(all: readonly T[], number: number): T {
  const one = all[number % all.length];
  if (one === undefined) throw new CouldNotDecide('there is no evidence');
  return one;
}
