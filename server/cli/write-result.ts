import { SignJWT } from 'jose';
import { z } from 'zod';

import type { AppraisalPolicy } from '../../verifier/appraisal-policy/appraisal-policy.ts';
import type { Appraisal } from '../../verifier/appraisal/appraisal.ts';
import { toAttestationResult } from '../../verifier/appraisal/attestation-result.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { writeDurable } from '../os/durable-file.ts';
import { UsageError } from './output.ts';
import { productVersion } from './product-version.ts';
import { readResultKey, type ResultKey } from './result-key.ts';

/** The options of commands that give a signed attestation result. */
export const resultShape = {
  result: z.string().optional(),
  resultKey: z.string().optional(),
  resultProfile: z.enum(['veraison', 'ietf']),
  resultLifetime: z
    .string()
    .regex(/^[1-9]\d{0,7}$/, 'is not a number of seconds')
    .transform(Number),
  resultHost: z.string().min(1).max(255),
};

/** Where a signed result goes, and what signs it. */
export interface ResultTarget {
  readonly path: string;
  readonly key: ResultKey;
  readonly options: ResultOptions;
}

type ResultOptions = z.infer<z.ZodObject<typeof resultShape>>;

/**
 * Reads the key before anything is asked of a host, so that a wrong one costs nothing.
 *
 * @returns null if no result is wanted. @throws UsageError if only one of file and key is given, or the key is unfit.
 */
export async function resultTarget(options: ResultOptions): Promise<ResultTarget | null> {
  const { result, resultKey } = options;
  if (result === undefined && resultKey === undefined) return null;
  if (result === undefined || resultKey === undefined)
    throw new UsageError('--result FILE and --result-key FILE go together');
  return { path: result, key: await readResultKey(resultKey), options };
}

interface ResultCircumstances {
  readonly nonce: Uint8Array;
  readonly policy: Policy;
  readonly appraisalPolicy: AppraisalPolicy | undefined;
  readonly now: Date;
}

/**
 * Signs the result of an appraisal as an EAT attestation result in a JWT (`typ: eat+jwt`, RFC 9782) and writes it to a file,
 * whatever the answer is: a no that is signed can be shown.
 */
export async function writeResult(
  { path, key, options }: ResultTarget,
  appraisal: Appraisal,
  { now, ...context }: ResultCircumstances,
): Promise<void> {
  const claims = toAttestationResult(appraisal, {
    ...context,
    ...{ profile: options.resultProfile, issuedAt: now, host: options.resultHost },
    expiresAt: new Date(now.getTime() + options.resultLifetime * 1000),
    verifier: { developer: 'Touchstone', build: `touchstone ${productVersion()}` },
  });
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: key.algorithm, typ: 'eat+jwt', kid: key.jwk.kid ?? '' })
    .sign(key.key);
  await writeDurable(path, Buffer.from(`${token}\n`), 0o600);
}
