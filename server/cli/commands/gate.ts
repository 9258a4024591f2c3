import { parseShape } from '../../../verifier/bytes/shape.ts';
import { lintHost } from '../../host/lint/lint-host.ts';
import type { GateReport } from '../../host/gate.ts';
import { gateAndExpect } from '../../host/merge/gate-and-expect.ts';
import { withHostLock } from '../../host/merge/host-lock.ts';
import { classesOf, gateShape, readGateInput } from '../gate-options.ts';
import { type ExitCode, exitCodes, fields, jsonText, type Output, printable } from '../output.ts';
import { warn } from '../warnings.ts';
import { reasonText, toVerdictDocument } from '../verdict-report.ts';

/** `touchstone gate`: the merge hook. Exit code 0 only if everything that can be merged now is approved and measured. */
export async function gateHost(raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(gateShape, raw, 'options');
  const report = await withHostLock(options.root, async () =>
    gateAndExpect({ ...(await readGateInput(options, output)), classes: classesOf(options) }),
  );
  const warnings = await warn(lintHost(options.root), output);
  output.out(options.json ? jsonText({ ...toGateDocument(report), warnings }) : gateText(report));
  return report.open ? exitCodes.yes : exitCodes.no;
}

/** The report as `--json` prints it; the names are scripted against. */
export function toGateDocument(report: GateReport) {
  return {
    open: report.open,
    mode: report.mode,
    measured: report.measured,
    events: report.events,
    sets: report.sets.map((set) => ({ class: set.class, extensions: set.approvals.map(({ name }) => name) })),
    unstaged: report.unstaged.map(({ entry, verdict }) => toVerdictDocument(entry, verdict, 0)),
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
    if (quarantined !== null)
      facts.push([quarantined.includes('/touchstone/quarantine/') ? 'moved to' : 'hidden by', quarantined]);
    const hidden = discovered.hiddenBy === null ? '' : ' (hidden)';
    const audited =
      report.mode === 'audit' && verdict.approval === null ? ', and left in place: audit mode' : '';
    const head = `${verdict.class} ${verdict.name}: ${verdict.verdict}${hidden}${audited}`;
    return `${printable(head)}\n${facts.length > 0 ? fields(facts, '  ') : ''}`;
  });
  const unstaged = report.unstaged.map(({ verdict }) => {
    const facts = verdict.reasons.map((why): [string, string] => ['because', reasonText(why)]);
    return `${printable(`${verdict.class} ${verdict.name}: refused, and left in the store`)}\n${fields(facts, '  ')}`;
  });
  return `${lines.join('')}${unstaged.join('')}${summary(report)}\n`;
}

function summary({ open, measured, sets, events }: GateReport): string {
  if (!open)
    return 'gate shut: refused images are still in place, so nothing was measured and nothing may be merged';
  const names = sets.map((set) => `${set.class} ${set.approvals.length}`).join(', ');
  if (measured === 'no-tpm') return `gate open: approved ${names}; not measured, for there is no TPM`;
  return measured === 'recorded'
    ? `gate open: approved ${names}; ${events.length} events measured before the merge`
    : `gate open: approved ${names}; already measured, nothing added`;
}
