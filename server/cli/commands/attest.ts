import { randomBytes } from 'node:crypto';

import { z } from 'zod';

import type { Appraisal } from '../../../verifier/appraisal/appraisal.ts';
import { toBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { completeEvidence } from '../../../verifier/evidence/complete-logs.ts';
import { type LogSelection, wholeLogs } from '../../attester/select-logs.ts';
import { type ReceivedEvidence, requestEvidence } from '../../http/evidence-client.ts';
import { writeDurable } from '../../os/durable-file.ts';
import { readCredentials } from '../client-credentials.ts';
import { parseEndpointUrl } from '../endpoint-url.ts';
import { expectedTlsKey, tlsKeyShape } from '../expected-tls-key.ts';
import { appraisalShape, appraiseAnswer, prepareAppraisal, reportAppraisal } from '../host-appraisal.ts';
import type { KnownEvidence } from '../known-logs.ts';
import type { ExitCode, Output } from '../output.ts';

const shape = z.object({
  ...appraisalShape,
  ca: z.string().optional(),
  certificate: z.string().optional(),
  key: z.string().optional(),
  tlsKeySha256: tlsKeyShape,
  save: z.string().optional(),
});

/** `touchstone attest`: a fresh nonce to the host, its evidence appraised here. */
export async function attestHost(url: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const base = parseEndpointUrl(url);
  const credentials = await readCredentials(base, options);
  const prepared = await prepareAppraisal(options, output);
  const expected = expectedTlsKey(options.tlsKeySha256);
  const ask = async (logs: LogSelection): Promise<Asked> => {
    const nonce = new Uint8Array(randomBytes(32));
    const { evidence, tlsKeySha256 } = await requestEvidence(base, nonce, credentials, logs);
    const appraisal = appraiseAnswer(prepared, {
      ...{ evidence, nonce, tlsKeySha256: expected === undefined ? tlsKeySha256 : expected },
    });
    return { evidence, nonce, tlsKeySha256, appraisal };
  };
  const first = await ask(prepared.evidence.selection);
  // A host that was booted again since may have a longer log than before, of which the beginning is another.
  const asked = leavesOut(first.appraisal) ? await ask(wholeLogs) : first;
  if (options.save !== undefined) await save(options.save, asked, prepared.evidence, output);
  return reportAppraisal(prepared, asked.appraisal, asked, output);
}

interface Asked extends ReceivedEvidence {
  readonly nonce: Uint8Array;
  readonly appraisal: Appraisal;
}

function leavesOut({ reasons }: Appraisal): boolean {
  return reasons.some(({ code }) => code === 'log-prefix-unknown' || code === 'firmware-log-unknown');
}

/** Whole, so that it can be appraised by itself, and the next evidence can leave out what is in it. */
async function save(
  path: string,
  { evidence, nonce, tlsKeySha256, appraisal }: Asked,
  { logs }: KnownEvidence,
  output: Output,
): Promise<void> {
  const kept = appraisal.quote === null ? evidence : completeEvidence(evidence, logs);
  await writeDurable(path, kept, 0o600);
  const came = tlsKeySha256 === null ? '' : ` and came from the TLS key ${tlsKeySha256}`;
  output.err(`touchstone: evidence saved to ${path}; its nonce is ${toBase64(nonce)}${came}\n`);
}
