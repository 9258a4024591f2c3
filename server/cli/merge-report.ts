import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { MergeOutcome } from '../host/merge/merge-outcome.ts';
import { gateText, toGateDocument } from './commands/gate.ts';
import { type ExitCode, exitCodes, printable } from './output.ts';

/** A class of which it is not known what became. */
export interface Undecided {
  readonly class: ExtensionClass;
  readonly outcome: 'undecided';
  readonly failure: string;
}

/** What became of one class as `--json` prints it; the names are scripted against. */
export function toMergeDocument(end: MergeOutcome | Undecided) {
  if (end.outcome === 'undecided') return end;
  const { outcome, gate, merged, violations, failure, events } = end;
  const { hierarchies, extensions, mutable, since, problems } = merged;
  return {
    ...{ class: merged.class, outcome, hierarchies, mutable, since, problems },
    ...{ extensions, violations, failure, events },
    gate: gate === null ? null : toGateDocument(gate),
  };
}

/** For people: the gate's report, then what is merged now. */
export function mergeText(end: MergeOutcome | Undecided): string {
  // Why, is an error's text and stands on stderr.
  if (end.outcome === 'undecided') return `${end.class}: could not decide\n`;
  const { outcome, gate, merged, violations, failure, events } = end;
  const why = outcome === 'violation' || outcome === 'audited' ? 'because ' : 'unmerged';
  const found = violations.map(({ code, message }) => `  ${why}  ${code}: ${message}`);
  const said = failure === null ? [] : [`  systemd   ${failure}`];
  const measured = events.map((line) => `  measured  ${line}`);
  const names = merged.extensions.map(({ name }) => name).join(', ') || 'nothing';
  const head = `${merged.class}: ${sentences[outcome]}; merged now: ${names}`;
  return `${gate === null ? '' : gateText(gate)}${[head, ...found, ...said, ...measured].map(printable).join('\n')}\n`;
}

const sentences: Readonly<Record<MergeOutcome['outcome'], string>> = {
  merged: 'what is merged is exactly what was approved',
  earlier: 'what is merged was approved before what is approved now, which touchstone refresh merges',
  nothing: 'nothing is merged',
  shut: 'the gate is shut, and what was merged was left as it was',
  violation: 'something else was merged than was approved, and all of it was unmerged',
  audited: 'more is merged than was approved, as audit mode has it',
  failed: 'systemd could not merge, so what was merged is as systemd left it',
};

const codes: Readonly<Record<(MergeOutcome | Undecided)['outcome'], ExitCode>> = {
  ...{ merged: exitCodes.yes, earlier: exitCodes.yes, nothing: exitCodes.yes, audited: exitCodes.yes },
  ...{ shut: exitCodes.no, violation: exitCodes.no, failed: exitCodes.couldNotDecide },
  undecided: exitCodes.couldNotDecide,
};

/** That of the class that fared worst; a no counts for more than a failure. */
export function mergeExitCode(outcomes: readonly (MergeOutcome | Undecided)[]): ExitCode {
  const found = outcomes.map(({ outcome }) => codes[outcome]);
  if (found.includes(exitCodes.no)) return exitCodes.no;
  return found.find((code) => code !== exitCodes.yes) ?? exitCodes.yes;
}
