import { z } from 'zod';

import { parseShape } from '../../../verifier/bytes/shape.ts';
import { lintHost } from '../../host/lint/lint-host.ts';
import { type GateReport, gate } from '../../host/gate.ts';
import { readHostKnowledge } from '../../host/host-knowledge.ts';
import { takePolicy } from '../../host/take-policy.ts';
import { now } from '../../os/clock.ts';
import { hostPath } from '../../os/host-paths.ts';
import { policyPath } from '../../os/own-paths.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { readPolicy } from '../decision-policy.ts';
import { type ExitCode, exitCodes, fields, jsonText, type Output, printable } from '../output.ts';
import { warn } from '../warnings.ts';
import { reasonText, toVerdictDocument } from '../verdict-report.ts';

const shape = z.object({
  policy: z.string().optional(),
  policyTrust: z.array(z.string()),
  class: z.enum(['sysext', 'confext']).optional(),
  root: z.string(),
  full: z.boolean().default(false),
  tcti: z.string().optional(),
  json: z.boolean().default(false),
});

const bothClasses = ['sysext', 'confext'] as const;

/** `touchstone gate`: the merge hook. Exit code 0 only if everything that can be merged now is approved and measured. */
export async function gateHost(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const path = options.policy ?? (await hostPath(options.root, policyPath));
  const policy = await readPolicy(path, options, output);
  const knowledge = await readHostKnowledge(options.root);
  takePolicy(policy, knowledge.history, options.policyTrust.length > 0);
  const report = await gate({
    root: options.root,
    classes: options.class === undefined ? bothClasses : [options.class],
    policy,
    device: openTpm({ tcti: options.tcti }),
    full: options.full,
    knowledge,
    now: now(),
  });
  const warnings = await warn(lintHost(options.root), output);
  output.out(options.json ? jsonText({ ...toGateDocument(report), warnings }) : gateText(report));
  return report.open ? exitCodes.yes : exitCodes.no;
}

function toGateDocument(report: GateReport) {
  return {
    open: report.open,
    mode: report.mode,
    measured: report.measured,
    events: report.events,
    sets: report.sets.map((set) => ({ class: set.class, extensions: set.approvals.map(({ name }) => name) })),
    images: report.images.map(({ discovered, verdict, quarantined }) => ({
      ...toVerdictDocument(discovered.entry, verdict, 0),
      hiddenBy: discovered.hiddenBy,
      quarantined,
    })),
  };
}

/** The report for people. */
export function gateText(report: GateReport): string {
  const lines = report.images.map(({ discovered, verdict, quarantined }) => {
    const facts = verdict.reasons.map((why): [string, string] => ['because', reasonText(why)]);
    if (quarantined !== null) facts.push(['moved to', quarantined]);
    const hidden = discovered.hiddenBy === null ? '' : ' (hidden)';
    const audited =
      report.mode === 'audit' && verdict.approval === null ? ', and left in place: audit mode' : '';
    const head = `${verdict.class} ${verdict.name}: ${verdict.verdict}${hidden}${audited}`;
    return `${printable(head)}\n${facts.length > 0 ? fields(facts, '  ') : ''}`;
  });
  return `${lines.join('')}${summary(report)}\n`;
}

function summary({ open, measured, sets, events }: GateReport): string {
  if (!open)
    return 'gate shut: refused images are still in place, so nothing was measured and nothing may be merged';
  const names = sets.map((set) => `${set.class} ${set.approvals.length}`).join(', ');
  return measured === 'recorded'
    ? `gate open: approved ${names}; ${events.length} events measured before the merge`
    : `gate open: approved ${names}; already measured, nothing added`;
}
