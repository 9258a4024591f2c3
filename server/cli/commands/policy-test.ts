import { resolve } from 'node:path';

import { z } from 'zod';

import { junitXml } from '../../../verifier/authoring/junit.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { writeDurable } from '../../os/durable-file.ts';
import { type ExitCode, jsonText, type Output } from '../output.ts';
import {
  exitCodeOf,
  summaryText,
  type TestReport,
  testText,
  toJunit,
  toTestDocument,
} from '../policy-test-report.ts';
import { runTestFile } from '../policy-test-run.ts';

const shape = z.object({ junit: z.string().optional(), json: z.boolean().default(false) });

/** `touchstone policy test`: asks policies about the images of their test files, and compares the answers. */
export async function testPolicies(files: readonly string[], raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const reports: TestReport[] = [];
  for (const file of files) {
    const report = await runTestFile(file, output);
    reports.push(report);
    if (!options.json) output.out(testText(report));
  }
  if (options.junit !== undefined)
    await writeDurable(resolve(options.junit), Buffer.from(junitXml(reports.map(toJunit))), 0o644);
  output.out(options.json ? jsonText(toTestDocument(reports)) : summaryText(reports));
  return exitCodeOf(reports);
}
