import { z } from 'zod';

import { diffPolicies as findDifferences } from '../../../verifier/authoring/diff-policies.ts';
import { compareVerdicts } from '../../../verifier/authoring/diff-verdicts.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { refuse, type VerifyImageOptions } from '../../../verifier/image-verdict.ts';
import type { Policy } from '../../../verifier/policy/policy.ts';
import { nameImage } from '../../host/name-image.ts';
import { judgePath } from '../../host/verify-path.ts';
import { now } from '../../os/clock.ts';
import { readPolicy } from '../decision-policy.ts';
import { readKnowledge } from '../knowledge.ts';
import { listNamed } from '../listed-images.ts';
import type { NamedImage } from '../named-image.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
import {
  diffText,
  type ImageDiffDocument,
  type PolicyDiffDocument,
  toPolicyDocument,
} from '../policy-diff-report.ts';
import { makeProgress } from '../progress.ts';

const shape = z.object({ labels: z.string().optional(), json: z.boolean().default(false) });

/** `touchstone policy diff`: what changes from one policy to another. Exit codes as diff(1): 0 nothing, 1 something. */
export async function diffPolicies(
  oldPath: string,
  nextPath: string,
  images: readonly string[],
  raw: object,
  output: Output,
): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const old = await readPolicy(oldPath, { policyTrust: [] }, output);
  const next = await readPolicy(nextPath, { policyTrust: [] }, output);
  const differences = findDifferences(old, next);
  const compared =
    images.length === 0 ? null : await compareImages(images, [old, next], options.labels, output);
  const changes =
    compared === null ? differences.length > 0 : compared.some(({ change }) => change === 'outcome');
  const document: PolicyDiffDocument = {
    ...{ old: toPolicyDocument(old), new: toPolicyDocument(next), changes, differences, images: compared },
  };
  output.out(options.json ? jsonText(document) : diffText(document));
  if (compared?.some(({ change }) => change === 'error') === true) return exitCodes.couldNotDecide;
  return changes ? exitCodes.no : exitCodes.yes;
}

async function compareImages(
  given: readonly string[],
  policies: readonly [old: Policy, next: Policy],
  labels: string | undefined,
  output: Output,
): Promise<readonly ImageDiffDocument[]> {
  const circumstances = { now: now(), full: false, ...(await readKnowledge({ labels })) };
  const compared: ImageDiffDocument[] = [];
  for (const path of given) {
    const listed = await listOrError(path);
    if ('change' in listed) compared.push(listed);
    else
      for (const image of listed) {
        const progress = makeProgress(image.path, output);
        compared.push(await compareImage(image, policies, { ...circumstances, onProgress: progress.show }));
        progress.clear();
      }
  }
  return compared;
}

async function listOrError(path: string): Promise<readonly NamedImage[] | ImageDiffDocument> {
  try {
    return await listNamed(path);
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    return { image: path, ...nameImage(path, undefined).name, change: 'error', message: error.message };
  }
}

/** The image is opened and read once; its signature is verified under the anchors of each policy. */
async function compareImage(
  { path, name, entry, target, problems }: NamedImage,
  [old, next]: readonly [Policy, Policy],
  circumstances: Omit<VerifyImageOptions, 'policy'>,
): Promise<ImageDiffDocument> {
  const image = { image: path, ...name };
  try {
    return await judgePath({ root: '/', entry, target }, name, circumstances, async ({ judge }) => {
      const verdict = async (policy: Policy) => refuse(await judge({ ...circumstances, policy }), problems);
      return { ...image, ...compareVerdicts([old, await verdict(old)], [next, await verdict(next)]) };
    });
  } catch (error) {
    if (!(error instanceof CouldNotDecide)) throw error;
    return { ...image, change: 'error', message: error.message };
  }
}
