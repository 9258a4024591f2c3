import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

import { z } from 'zod';

import { explainDecision, unasked } from '../../../verifier/authoring/explain.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { refuse, type VerifyImageOptions } from '../../../verifier/image-verdict.ts';
import { type Reason, reason } from '../../../verifier/reasons.ts';
import { type ClassHint, nameImage } from '../../host/name-image.ts';
import { pickPath } from '../../host/pick-path.ts';
import { verifyPath } from '../../host/verify-path.ts';
import { now } from '../../os/clock.ts';
import { readPolicy } from '../decision-policy.ts';
import { followLinks } from '../follow-links.ts';
import { readKnowledge } from '../knowledge.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
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
  json: z.boolean().default(false),
});

const codes = { accepted: exitCodes.yes, refused: exitCodes.no, error: exitCodes.couldNotDecide } as const;

/** `touchstone policy explain`: the verdict that `verify` gives, and every rule on the way to it. */
export async function explainImage(given: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
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
    path = await pickPath(given, nameImage(given, classHint).name.class);
    const { name, conflict } = nameImage(path, classHint);
    const entry = resolve(path);
    const found = await verifyPath({ root: '/', entry, target: await followLinks(entry) }, name, options);
    const misnamed: readonly Reason[] = conflict === null ? [] : [reason('wrong-class', conflict)];
    const verdict = refuse(found, misnamed);
    const document = toVerdictDocument(path, verdict, (performance.now() - start) / 1000);
    const findings = [...verdict.findings, ...misnamed];
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
