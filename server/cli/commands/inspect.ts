import { resolve } from 'node:path';

import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { inspectPath } from '../../host/inspect-path.ts';
import { lintBeside } from '../../host/lint/sidecars.ts';
import { pickPath } from '../../host/pick-path.ts';
import { nameImage } from '../../host/name-image.ts';
import { followLinks } from '../follow-links.ts';
import { inspectionText, toInspectionDocument } from '../inspection-report.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';
import { warn } from '../warnings.ts';

const shape = z.object({
  class: z.enum(['sysext', 'confext']).optional(),
  json: z.boolean().default(false),
});

/** `touchstone inspect`: what is in an image. Exit code 1 if it is no image that can be opened. */
export async function inspect(given: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const path = await pickPath(given, nameImage(given, options.class).name.class);
  const { name } = nameImage(path, options.class);
  const entry = resolve(path);
  const inspection = await inspectPath({ root: '/', entry, target: await followLinks(entry) }, name);
  const warnings = await warn(lintBeside(path), output);
  const document = { ...toInspectionDocument(path, name, inspection), warnings };
  output.out(options.json ? jsonText(document) : inspectionText(document));
  return inspection.content === null ? exitCodes.no : exitCodes.yes;
}
