import { z } from 'zod';

import { appraise } from '../../../verifier/appraisal/appraise.ts';
import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { nonceBytes } from '../../../verifier/evidence/binding.ts';
import { maximumEvidenceBytes } from '../../../verifier/evidence/evidence.ts';
import { now } from '../../os/clock.ts';
import { readBounded } from '../../os/durable-file.ts';
import { appraisalText, exitCodeOf, toAppraisalDocument } from '../appraisal-report.ts';
import { decisionPolicy } from '../decision-policy.ts';
import { expectedTlsKey, tlsKeyShape } from '../expected-tls-key.ts';
import { readLabels } from '../knowledge.ts';
import { readKnownIdentity } from '../known-identity.ts';
import { bootDigestsShape, readKnownEvidence } from '../known-logs.ts';
import { type ExitCode, jsonText, type Output, UsageError } from '../output.ts';
import { resultShape, resultTarget, writeResult } from '../write-result.ts';

const shape = z.object({
  identity: z.string(),
  nonce: z.string(),
  policy: z.string().optional(),
  trust: z.array(z.string()),
  policyTrust: z.array(z.string()),
  labels: z.string().optional(),
  tlsKeySha256: tlsKeyShape,
  previous: z.string().optional(),
  firmwareLog: z.array(z.string()),
  knownBootDigest: bootDigestsShape,
  json: z.boolean().default(false),
  ...resultShape,
});

/** `touchstone appraise`: decides about evidence in a file, without touching the network. */
export async function appraiseFile(file: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const target = await resultTarget(options);
  const nonce = parseNonce(options.nonce);
  const policy = await decisionPolicy(options, output);
  const time = now();
  const known = await readKnownEvidence(options);
  const appraisal = appraise({
    evidence: await readBounded(file, maximumEvidenceBytes),
    ...{ nonce, policy, now: time },
    identity: await readKnownIdentity(options.identity),
    labels: await readLabels(options.labels),
    tlsKeySha256: expectedTlsKey(options.tlsKeySha256),
    previous: known.previous,
    knownFirmwareLogs: known.logs.firmware,
    knownBootDigests: options.knownBootDigest,
  });
  if (target !== null) await writeResult(target, appraisal, { nonce, policy, now: time });
  output.out(options.json ? jsonText(toAppraisalDocument(appraisal)) : appraisalText(appraisal));
  return exitCodeOf(appraisal);
}

function parseNonce(text: string): Uint8Array {
  const nonce = parseBase64(text, '--nonce', nonceBytes.maximum);
  if (nonce.length >= nonceBytes.minimum) return nonce;
  throw new UsageError(
    `--nonce: has fewer than ${nonceBytes.minimum} bytes; attest says on stderr which nonce it used`,
  );
}
