import { z } from 'zod';

import { checkPolicy } from '../../../verifier/authoring/check-policy.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import type { ImageName } from '../../../verifier/image-verdict.ts';
import { policyFiles } from '../../host/policy-files.ts';
import { now } from '../../os/clock.ts';
import { readUserFile } from '../decision-policy.ts';
import { readImageNames } from '../image-names.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
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
  const images: ImageName[] = [];
  for (const directory of directories) images.push(...(await readImageNames(directory)));
  const checked = await checkPolicy(
    { text, path: file, files: policyFiles(file, '/') },
    { now: now(), withinDays: Number(within), images: directories.length === 0 ? null : images },
  );
  const source = Buffer.from(text).toString('utf8');
  output.out(json ? jsonText(toCheckDocument(file, checked)) : checkText(file, source, checked));
  const isWrong = checked.problems.some(({ severity }) => severity === 'error');
  return isWrong ? exitCodes.usage : exitCodes.yes;
}
