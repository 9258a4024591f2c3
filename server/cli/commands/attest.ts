import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import { appraise } from '../../../verifier/appraisal/appraise.ts';
import { toBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { requestEvidence } from '../../http/evidence-client.ts';
import { now } from '../../os/clock.ts';
import { writeDurable } from '../../os/durable-file.ts';
import { appraisalText, toAppraisalDocument } from '../appraisal-report.ts';
import { decisionPolicy } from '../decision-policy.ts';
import { readLabels } from '../knowledge.ts';
import { readKnownIdentity } from '../known-identity.ts';
import { type ExitCode, exitCodes, jsonText, type Output, UsageError } from '../output.ts';

const shape = z.object({
  identity: z.string(),
  policy: z.string().optional(),
  trust: z.array(z.string()),
  policyTrust: z.array(z.string()),
  labels: z.string().optional(),
  save: z.string().optional(),
  json: z.boolean().default(false),
});

/** `touchstone attest`: a fresh nonce to the host, its evidence appraised here. */
export async function attestHost(url: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const policy = await decisionPolicy(options, output);
  const identity = await readKnownIdentity(options.identity);
  const labels = await readLabels(options.labels);
  const nonce = new Uint8Array(randomBytes(32));
  const evidence = await requestEvidence(baseUrl(url), nonce);
  if (options.save !== undefined) {
    await writeDurable(options.save, evidence, 0o600);
    output.err(`touchstone: evidence saved to ${options.save}; its nonce is ${toBase64(nonce)}\n`);
  }
  const appraisal = appraise({ evidence, nonce, identity, policy, labels, now: now() });
  output.out(options.json ? jsonText(toAppraisalDocument(appraisal)) : appraisalText(appraisal));
  return appraisal.verdict === 'trustworthy' ? exitCodes.yes : exitCodes.no;
}

function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is not an http or https URL`);
  return url.pathname.endsWith('/') ? url : new URL(`${url.origin}${url.pathname}/`);
}
