import { z } from 'zod';

import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { nonceBytes } from '../../../verifier/evidence/binding.ts';
import { maximumEvidenceBytes } from '../../../verifier/evidence/evidence.ts';
import { readBounded } from '../../os/durable-file.ts';
import { expectedTlsKey, tlsKeyShape } from '../expected-tls-key.ts';
import { appraisalShape, appraiseAnswer, prepareAppraisal, reportAppraisal } from '../host-appraisal.ts';
import { type ExitCode, type Output, UsageError } from '../output.ts';

const shape = z.object({ ...appraisalShape, nonce: z.string(), tlsKeySha256: tlsKeyShape });

/** `touchstone appraise`: decides about evidence in a file, without touching the network. */
export async function appraiseFile(file: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const nonce = parseNonce(options.nonce);
  const prepared = await prepareAppraisal(options, output);
  const evidence = await readBounded(file, maximumEvidenceBytes);
  const tlsKeySha256 = expectedTlsKey(options.tlsKeySha256);
  const received = { evidence, nonce, tlsKeySha256 };
  return reportAppraisal(prepared, appraiseAnswer(prepared, received), received, output);
}

function parseNonce(text: string): Uint8Array {
  const nonce = parseBase64(text, '--nonce', nonceBytes.maximum);
  if (nonce.length >= nonceBytes.minimum) return nonce;
  throw new UsageError(
    `--nonce: has fewer than ${nonceBytes.minimum} bytes; attest says on stderr which nonce it used`,
  );
}
