import { z } from 'zod';

import { explainHost, type HostExplanation } from '../../verifier/appraisal/explain-host.ts';
import type { AppraisalPolicy } from '../../verifier/appraisal-policy/appraisal-policy.ts';
import type { JudgedRule } from '../../verifier/appraisal-policy/check-appraisal-policy.ts';
import { parseShape } from '../../verifier/bytes/shape.ts';
import { maximumEvidenceBytes } from '../../verifier/evidence/evidence.ts';
import { now } from '../os/clock.ts';
import { readBounded } from '../os/durable-file.ts';
import { readAppraisalPolicy } from './appraisal-policy-file.ts';
import { exitCodeOf } from './appraisal-report.ts';
import { readLabels } from './knowledge.ts';
import { readEnrolment } from './known-identity.ts';
import { type ExitCode, exitCodes, jsonText, type Output, printable } from './output.ts';
import { reasonText } from './verdict-report.ts';

const shape = z.object({
  policy: z.string(),
  policyTrust: z.array(z.string()).default([]),
  labels: z.string().optional(),
  identity: z.string().optional(),
  previous: z.string().optional(),
  pcr: z
    .string()
    .regex(/^(?:[0-9]|1[0-5])$/, 'is not a PCR that extensions are measured into')
    .transform(Number),
  json: z.boolean().default(false),
});

/** `touchstone policy explain` of an AppraisalPolicy: what each rule says of the host that evidence is of. */
export async function explainEvidence(file: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const { identity, previous, pcr: measurePcr } = options;
  const policy = await readAppraisalPolicy(options.policy, options, output);
  const explanation = explainHost(await readBounded(file, maximumEvidenceBytes), policy, {
    ...{ measurePcr, now: now(), labels: await readLabels(options.labels) },
    enrolment: identity === undefined ? undefined : (await readEnrolment(identity)).endorsement.trust,
    previous: previous === undefined ? undefined : await readBounded(previous, maximumEvidenceBytes),
  });
  output.out(
    options.json
      ? jsonText(toDocument(file, policy, explanation))
      : explanationText(file, policy, explanation),
  );
  return explanation.asked ? exitCodeOf(explanation) : exitCodes.couldNotDecide;
}

/** Its names are scripted against. */
function toDocument(file: string, policy: AppraisalPolicy, explanation: HostExplanation): unknown {
  const { path, name, version, sha256 } = policy;
  const about = { evidence: file, policy: { path, name, version, sha256 } };
  if (!explanation.asked)
    return { ...about, verdict: null, reasons: explanation.reasons, warnings: [], rules: [] };
  const { verdict, reasons, warnings, rules } = explanation;
  return {
    ...{ ...about, verdict, reasons, warnings },
    rules: rules.map((rule) => ({ ...rule, outcome: outcomeOf(rule) })),
  };
}

function outcomeOf({
  mismatches,
  reasons,
}: JudgedRule): 'passed over' | 'holds' | 'could not tell' | 'fails' {
  if (mismatches.length > 0) return 'passed over';
  if (reasons.length === 0) return 'holds';
  return reasons.every(({ code }) => code === 'fact-unknown') ? 'could not tell' : 'fails';
}

function explanationText(
  file: string,
  { path, name, version }: AppraisalPolicy,
  explanation: HostExplanation,
): string {
  const head = [`${printable(file)}, whoever it is of`, printable(`${path} (${name}, version ${version})`)];
  if (!explanation.asked) {
    const reasons = explanation.reasons.map((why) => `  ${printable(reasonText(why))}`);
    return [...head, ...reasons, 'not asked: the evidence proves nothing', ''].join('\n');
  }
  const { rules, reasons, verdict } = explanation;
  const codes = [...new Set(reasons.map(({ code }) => code))].join(', ');
  return [...head, ...rules.flatMap(ruleLines), `${verdict}${codes === '' ? '' : `: ${codes}`}`, ''].join(
    '\n',
  );
}

function ruleLines(rule: JudgedRule, index: number): string[] {
  const { name, at, mismatches, reasons, warnings } = rule;
  return [
    `  rule ${index + 1} "${printable(name)}" (${printable(at)}): ${outcomeOf(rule)}`,
    ...mismatches.map((why) => `      it ${printable(why)}`),
    ...reasons.map((why) => `      ${printable(reasonText(why))}`),
    ...warnings.map((one) => `      warning: ${printable(reasonText(one))}`),
  ];
}
