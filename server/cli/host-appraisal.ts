import { z } from 'zod';

import type { Appraisal } from '../../verifier/appraisal/appraisal.ts';
import { appraise, type AppraisalInput } from '../../verifier/appraisal/appraise.ts';
import { now } from '../os/clock.ts';
import { appraisalText, exitCodeOf, toAppraisalDocument } from './appraisal-report.ts';
import { readAppraisalPolicy } from './appraisal-policy-file.ts';
import { decisionPolicy } from './decision-policy.ts';
import { readLabels } from './knowledge.ts';
import { readEnrolment } from './known-identity.ts';
import { bootDigestsShape, type KnownEvidence, readKnownEvidence } from './known-logs.ts';
import { type ExitCode, jsonText, type Output } from './output.ts';
import { resultShape, type ResultTarget, resultTarget, writeResult } from './write-result.ts';

/** The options that `addAppraisalOptions` adds. */
export const appraisalShape = {
  identity: z.string(),
  policy: z.string().optional(),
  trust: z.array(z.string()),
  policyTrust: z.array(z.string()),
  appraisalPolicy: z.string().optional(),
  labels: z.string().optional(),
  previous: z.string().optional(),
  firmwareLog: z.array(z.string()),
  knownBootDigest: bootDigestsShape,
  json: z.boolean().default(false),
  ...resultShape,
};

type AppraisalOptions = z.infer<z.ZodObject<typeof appraisalShape>>;

/** What a verifier knows of a host and asks of it, read before anything comes from the host. */
export interface PreparedAppraisal {
  readonly known: Omit<AppraisalInput, 'evidence' | 'nonce' | 'now' | 'tlsKeySha256'>;
  /** What the host need not send, and where that is. */
  readonly evidence: KnownEvidence;
  readonly target: ResultTarget | null;
  readonly json: boolean;
}

/** Reads every file that the options name, so that a wrong one costs nothing. */
export async function prepareAppraisal(
  options: AppraisalOptions,
  output: Output,
): Promise<PreparedAppraisal> {
  const { policyTrust, appraisalPolicy } = options;
  const target = await resultTarget(options);
  const policy = await decisionPolicy(options, output);
  const evidence = await readKnownEvidence(options);
  const { identity, endorsement } = await readEnrolment(options.identity);
  return {
    known: {
      ...{ identity, enrolment: endorsement.trust, policy },
      appraisalPolicy:
        appraisalPolicy === undefined
          ? undefined
          : await readAppraisalPolicy(appraisalPolicy, { policyTrust }, output),
      labels: await readLabels(options.labels),
      previous: evidence.previous,
      knownFirmwareLogs: evidence.logs.firmware,
      knownBootDigests: options.knownBootDigest,
    },
    evidence,
    target,
    json: options.json,
  };
}

/** Evidence as it came, and the challenge it is to answer. */
export type ReceivedAnswer = Pick<AppraisalInput, 'evidence' | 'nonce' | 'tlsKeySha256'>;

/** Decides about what came. */
export function appraiseAnswer({ known }: PreparedAppraisal, received: ReceivedAnswer): Appraisal {
  return appraise({ ...known, ...received, now: now() });
}

/** Writes the signed result if one is wanted, and prints the answer. */
export async function reportAppraisal(
  { known: { policy, appraisalPolicy }, target, json }: PreparedAppraisal,
  appraisal: Appraisal,
  { nonce }: Pick<ReceivedAnswer, 'nonce'>,
  output: Output,
): Promise<ExitCode> {
  if (target !== null) await writeResult(target, appraisal, { nonce, policy, appraisalPolicy, now: now() });
  output.out(json ? jsonText(toAppraisalDocument(appraisal)) : appraisalText(appraisal));
  return exitCodeOf(appraisal);
}
