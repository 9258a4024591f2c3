import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import {
  beginEnrolment,
  concludeEnrolment,
  type EnrolmentVerdict,
} from '../../../verifier/enrolment/enrol.ts';
import { toEnrolmentDocument } from '../../../verifier/enrolment/enrolment-record.ts';
import { readTpmMoment, type TpmMoment } from '../../../verifier/enrolment/tpm-moment.ts';
import type { PublicArea } from '../../../verifier/tpm/public-area.ts';
import type { Certificate } from '../../../verifier/trust/certificate.ts';
import type { ClientCredentials } from '../../http/endpoint-client.ts';
import { requestActivation, requestIdentity } from '../../http/enrolment-client.ts';
import { requestEvidence } from '../../http/evidence-client.ts';
import { now } from '../../os/clock.ts';
import { entryExists } from '../../os/directory.ts';
import { readCredentials } from '../client-credentials.ts';
import { readCertificates } from '../decision-policy.ts';
import { parseEndpointUrl } from '../endpoint-url.ts';
import { enrolmentText, toEnrolmentReport } from '../enrolment-report.ts';
import { writeNewFiles } from '../new-files.ts';
import { type ExitCode, exitCodes, jsonText, type Output, UsageError } from '../output.ts';

const shape = z.object({
  ekRoot: z.array(z.string()),
  trustOnFirstUse: z.boolean().default(false),
  out: z.string().optional(),
  ca: z.string().optional(),
  certificate: z.string().optional(),
  key: z.string().optional(),
  json: z.boolean().default(false),
});

/** `touchstone enroll`: the host proves that its attestation key is in a genuine TPM, and what it proved is written down. */
export async function enroll(url: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const { out } = options;
  const base = parseEndpointUrl(url);
  const credentials = await readCredentials(base, options);
  const roots = await readRoots(options);
  // Looked for before the host is asked, and again when it is written: who a host is must not change in passing.
  if (out !== undefined && (await entryExists(out)))
    throw new UsageError(`${out} exists already; remove it to enroll the host anew`);
  const verdict = await ask(base, roots, credentials);
  if (verdict.enrolled && out !== undefined)
    await writeNewFiles([
      { path: out, text: jsonText(toEnrolmentDocument(verdict.record)), mayExist: false },
    ]);
  output.out(options.json ? jsonText(toEnrolmentReport(verdict)) : enrolmentText(verdict, out ?? null));
  return verdict.enrolled ? exitCodes.yes : exitCodes.no;
}

async function ask(
  base: URL,
  roots: readonly Certificate[] | null,
  credentials: ClientCredentials | null,
): Promise<EnrolmentVerdict> {
  const identity = await requestIdentity(base, credentials);
  const begun = beginEnrolment({ identity, roots, now: now() });
  if (!begun.begun) return { enrolled: false, reasons: begun.reasons };
  const answer = await requestActivation(base, begun.credential, credentials);
  const verdict = concludeEnrolment(begun, answer, { url: base.href, now: now() });
  if (!verdict.enrolled) return verdict;
  const tpm = await askMoment(base, begun.attestationKey, credentials);
  return { enrolled: true, record: { ...verdict.record, tpm } };
}

/** A host that cannot give evidence yet, because of its log, is enrolled all the same. */
async function askMoment(
  base: URL,
  attestationKey: PublicArea,
  credentials: ClientCredentials | null,
): Promise<TpmMoment | null> {
  const nonce = new Uint8Array(randomBytes(32));
  try {
    const { evidence } = await requestEvidence(base, nonce, credentials);
    return readTpmMoment(evidence, nonce, attestationKey);
  } catch (error) {
    if (error instanceof CouldNotDecide) return null;
    throw error;
  }
}

/** @returns null if whatever TPM answers is to be taken. */
async function readRoots({
  ekRoot,
  trustOnFirstUse,
}: z.infer<typeof shape>): Promise<readonly Certificate[] | null> {
  if (ekRoot.length > 0 && trustOnFirstUse)
    throw new UsageError('--ek-root and --trust-on-first-use exclude each other');
  if (ekRoot.length > 0) return readCertificates(ekRoot);
  if (trustOnFirstUse) return null;
  throw new UsageError(
    "give --ek-root CERT, a certificate of the TPM's maker; or say --trust-on-first-use, to take any TPM, genuine or not",
  );
}
