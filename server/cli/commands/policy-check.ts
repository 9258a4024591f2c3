import { z } from 'zod';

import { loadAppraisalPolicy } from '../../../verifier/appraisal-policy/load-appraisal-policy.ts';
import { policyKind } from '../../../verifier/appraisal-policy/policy-kind.ts';
import { checkPolicy } from '../../../verifier/authoring/check-policy.ts';
import { type CheckedPolicy, collectProblems, warning } from '../../../verifier/authoring/check-problem.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { ImageName } from '../../../verifier/image-verdict.ts';
import { policyFiles } from '../../host/policy-files.ts';
import { now } from '../../os/clock.ts';
import { readUserFile } from '../decision-policy.ts';
import { readImageNames } from '../image-names.ts';
import { type ExitCode, exitCodes, jsonText, type Output, UsageError } from '../output.ts';
import { checkText, toCheckDocument } from '../policy-check-report.ts';

const shape = z.object({
  images: z.array(z.string()).default([]),
  within: z
    .string()
    .regex(/^\d{1,5}$/, 'is not a number of days')
    .default('30'),
  json: z.boolean().default(false),
});

/** `touchstone policy check`: what is wrong with a policy. Exit code 2 if there is an error; warnings change nothing. */
export async function checkPolicyFile(file: string, raw: object, output: Output): Promise<ExitCode> {
  const { images: directories, within, json } = parseShape(shape, raw, 'options');
  const text = await readUserFile(file);
  const checked =
    policyKind(text, file) === 'AppraisalPolicy'
      ? await checkHosts(text, file, directories)
      : await checkExtensions(text, file, directories, Number(within));
  const source = Buffer.from(text).toString('utf8');
  output.out(json ? jsonText(toCheckDocument(file, checked)) : checkText(file, source, checked));
  const isWrong = checked.problems.some(({ severity }) => severity === 'error');
  return isWrong ? exitCodes.usage : exitCodes.yes;
}

async function checkExtensions(
  text: Uint8Array,
  file: string,
  directories: readonly string[],
  withinDays: number,
): Promise<CheckedPolicy> {
  const images: ImageName[] = [];
  for (const directory of directories) images.push(...(await readImageNames(directory)));
  return checkPolicy(
    { text, path: file, files: policyFiles(file, '/') },
    { now: now(), withinDays, images: directories.length === 0 ? null : images },
  );
}

function checkHosts(text: Uint8Array, file: string, directories: readonly string[]): Promise<CheckedPolicy> {
  if (directories.length > 0)
    throw new UsageError('--images is for an ExtensionPolicy; an AppraisalPolicy is about hosts');
  return collectProblems(() => {
    const policy = loadAppraisalPolicy({ text, path: file });
    return {
      policy: { ...policy, mode: null },
      problems: policy.warnings.map(({ message, at }) => warning(message, at)),
    };
  });
}
