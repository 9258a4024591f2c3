import { z } from 'zod';

import { appraise } from '../../../verifier/appraisal/appraise.ts';
import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { maximumEvidenceBytes, nonceBytes } from '../../../verifier/evidence/evidence.ts';
import { now } from '../../os/clock.ts';
import { readBounded } from '../../os/durable-file.ts';
import { appraisalText, toAppraisalDocument } from '../appraisal-report.ts';
import { decisionPolicy } from '../decision-policy.ts';
import { readKnownIdentity } from '../known-identity.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';

const shape = z.object({
  identity: z.string(),
  nonce: z.string(),
  policy: z.string().optional(),
  trust: z.array(z.string()),
  json: z.boolean().default(false),
});

/** `touchstone appraise`: decides about evidence in a file, without touching the network. */
export async function appraiseFile(file: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const appraisal = appraise({
    evidence: await readBounded(file, maximumEvidenceBytes),
    nonce: parseBase64(options.nonce, '--nonce', nonceBytes.maximum),
    identity: await readKnownIdentity(options.identity),
    policy: await decisionPolicy(options, output),
    now: now(),
  });
  output.out(options.json ? jsonText(toAppraisalDocument(appraisal)) : appraisalText(appraisal));
  return appraisal.verdict === 'trustworthy' ? exitCodes.yes : exitCodes.no;
}
