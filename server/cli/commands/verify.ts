import { performance } from 'node:perf_hooks';

import { z } from 'zod';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { VerifyImageOptions } from '../../../verifier/image-verdict.ts';
import { type ClassHint, nameImage } from '../../host/name-image.ts';
import { lintBeside } from '../../host/lint/sidecars.ts';
import { now } from '../../os/clock.ts';
import { decisionPolicy } from '../decision-policy.ts';
import { readKnowledge } from '../knowledge.ts';
import { findNamedImage, verifyNamed } from '../named-image.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
import { makeProgress } from '../progress.ts';
import { warn } from '../warnings.ts';
import { toErrorDocument, toVerdictDocument, type VerdictDocument, verdictText } from '../verdict-report.ts';

const shape = z.object({
  policy: z.string().optional(),
  trust: z.array(z.string()),
  class: z.enum(['sysext', 'confext']).optional(),
  full: z.boolean().default(false),
  host: z.string().optional(),
  labels: z.string().optional(),
  policyTrust: z.array(z.string()),
  json: z.boolean().default(false),
});

/** `touchstone verify`: a verdict for each image, all of them even if one is refused. */
export async function verify(images: readonly string[], raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const policy = await decisionPolicy(options, output);
  const knowledge = await readKnowledge(options);
  const documents: VerdictDocument[] = [];
  for (const path of images) {
    const progress = makeProgress(path, output);
    const document = await verifyOne(path, options.class, {
      ...{ policy, now: now(), full: options.full, ...knowledge, onProgress: progress.show },
    });
    progress.clear();
    documents.push(document);
    await warn(lintBeside(document.image), output);
    if (!options.json) output.out(verdictText(document));
  }
  if (options.json) output.out(jsonText(documents));
  return exitCodeOf(documents);
}

async function verifyOne(
  given: string,
  classHint: ClassHint | undefined,
  options: VerifyImageOptions,
): Promise<VerdictDocument> {
  const start = performance.now();
  let path = given;
  try {
    const image = await findNamedImage(given, classHint);
    path = image.path;
    const verdict = await verifyNamed(image, options);
    return toVerdictDocument(path, verdict, (performance.now() - start) / 1000);
  } catch (error) {
    if (error instanceof CouldNotDecide)
      return toErrorDocument(path, nameImage(path, classHint).name, error.message);
    throw error;
  }
}

// "Could not decide" outweighs "no": a script that fixes refusals and tries again must not loop over an I/O error.
function exitCodeOf(documents: readonly VerdictDocument[]): ExitCode {
  if (documents.some(({ verdict }) => verdict === 'error')) return exitCodes.couldNotDecide;
  return documents.every(({ verdict }) => verdict === 'accepted') ? exitCodes.yes : exitCodes.no;
}
