import { performance } from 'node:perf_hooks';

import { z } from 'zod';

import { explainDecision, unasked } from '../../../verifier/authoring/explain.ts';
import { policyKind } from '../../../verifier/appraisal-policy/policy-kind.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { VerifyImageOptions } from '../../../verifier/image-verdict.ts';
import { type ClassHint, nameImage } from '../../host/name-image.ts';
import { now } from '../../os/clock.ts';
import { readPolicy, readUserFile } from '../decision-policy.ts';
import { explainEvidence } from '../host-explanation.ts';
import { findNamedImage, verifyNamed } from '../named-image.ts';
import { readKnowledge } from '../knowledge.ts';
import { type ExitCode, exitCodes, jsonText, type Output, UsageError } from '../output.ts';
import { type ExplanationDocument, explanationText } from '../policy-explain-report.ts';
import { makeProgress } from '../progress.ts';
import { toErrorDocument, toVerdictDocument } from '../verdict-report.ts';

const shape = z.object({
  policy: z.string(),
  policyTrust: z.array(z.string()).default([]),
  class: z.enum(['sysext', 'confext']).optional(),
  host: z.string().optional(),
  labels: z.string().optional(),
  full: z.boolean().default(false),
  identity: z.string().optional(),
  previous: z.string().optional(),
  json: z.boolean().default(false),
});

const codes = { accepted: exitCodes.yes, refused: exitCodes.no, error: exitCodes.couldNotDecide } as const;

/**
 * `touchstone policy explain`: the verdict that `verify` gives, and every rule on the way to it; or what a policy about hosts
 * says of evidence.
 */
export async function explainSubject(given: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const { policy: path } = options;
  if (policyKind(await readUserFile(path), path) === 'AppraisalPolicy')
    return explainHostEvidence(given, raw, options, output);
  const foreign = (['identity', 'previous'] as const).find((name) => options[name] !== undefined);
  if (foreign !== undefined) throw new UsageError(`--${foreign} goes with evidence and an AppraisalPolicy`);
  const policy = await readPolicy(options.policy, options, output);
  const knowledge = await readKnowledge(options);
  const progress = makeProgress(given, output);
  const document = await explain(given, options.class, {
    ...{ policy, now: now(), full: options.full, ...knowledge, onProgress: progress.show },
  });
  progress.clear();
  output.out(options.json ? jsonText(document) : explanationText(document));
  return codes[document.verdict];
}

function explainHostEvidence(
  file: string,
  raw: object,
  options: z.infer<typeof shape>,
  output: Output,
): Promise<ExitCode> {
  const foreign = (['class', 'host', 'full'] as const).find(
    (name) => options[name] !== undefined && options[name] !== false,
  );
  if (foreign !== undefined) throw new UsageError(`--${foreign} goes with images and an ExtensionPolicy`);
  return explainEvidence(file, raw, output);
}

async function explain(
  given: string,
  classHint: ClassHint | undefined,
  options: VerifyImageOptions,
): Promise<ExplanationDocument> {
  const start = performance.now();
  const { path: policyPath, name: policyName, version, sha256, mode } = options.policy;
  const policy = { path: policyPath, name: policyName, version, sha256, mode };
  const nothing = { policy, signers: [], findings: [], revoked: [], rules: unasked(options.policy) };
  let path = given;
  try {
    const image = await findNamedImage(given, classHint);
    path = image.path;
    const verdict = await verifyNamed(image, options);
    const document = toVerdictDocument(path, verdict, (performance.now() - start) / 1000);
    const { findings } = verdict;
    if (verdict.facts === null) return { ...document, ...nothing, findings };
    const { revoked, rules } = explainDecision(options.policy, verdict.facts, options);
    const signers = verdict.facts.signature.signers.map((signer) => ({
      sha256: signer.sha256,
      trustedBy: [...signer.trustedBy.keys()],
    }));
    return { ...document, policy, signers, findings, revoked, rules };
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    const document = toErrorDocument(path, nameImage(path, classHint).name, error.message);
    return { ...document, ...nothing, findings: document.reasons };
  }
}
