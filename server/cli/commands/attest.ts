import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import { appraise } from '../../../verifier/appraisal/appraise.ts';
import { toBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { requestEvidence } from '../../http/evidence-client.ts';
import { now } from '../../os/clock.ts';
import { writeDurable } from '../../os/durable-file.ts';
import { appraisalText, toAppraisalDocument } from '../appraisal-report.ts';
import { readCredentials } from '../client-credentials.ts';
import { decisionPolicy } from '../decision-policy.ts';
import { parseEndpointUrl } from '../endpoint-url.ts';
import { expectedTlsKey, tlsKeyShape } from '../expected-tls-key.ts';
import { readLabels } from '../knowledge.ts';
import { readKnownIdentity } from '../known-identity.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';

const shape = z.object({
  identity: z.string(),
  policy: z.string().optional(),
  trust: z.array(z.string()),
  policyTrust: z.array(z.string()),
  labels: z.string().optional(),
  ca: z.string().optional(),
  certificate: z.string().optional(),
  key: z.string().optional(),
  tlsKeySha256: tlsKeyShape,
  save: z.string().optional(),
  json: z.boolean().default(false),
});

/** `touchstone attest`: a fresh nonce to the host, its evidence appraised here. */
export async function attestHost(url: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const base = parseEndpointUrl(url);
  const credentials = await readCredentials(base, options);
  const policy = await decisionPolicy(options, output);
  const identity = await readKnownIdentity(options.identity);
  const labels = await readLabels(options.labels);
  const nonce = new Uint8Array(randomBytes(32));
  const { evidence, tlsKeySha256 } = await requestEvidence(base, nonce, credentials);
  if (options.save !== undefined) {
    await writeDurable(options.save, evidence, 0o600);
    const came = tlsKeySha256 === null ? '' : ` and came from the TLS key ${tlsKeySha256}`;
    output.err(`touchstone: evidence saved to ${options.save}; its nonce is ${toBase64(nonce)}${came}\n`);
  }
  const expected = expectedTlsKey(options.tlsKeySha256);
  const appraisal = appraise({
    ...{ evidence, nonce, identity, policy, labels, now: now() },
    tlsKeySha256: expected === undefined ? tlsKeySha256 : expected,
  });
  output.out(options.json ? jsonText(toAppraisalDocument(appraisal)) : appraisalText(appraisal));
  return appraisal.verdict === 'trustworthy' ? exitCodes.yes : exitCodes.no;
}
