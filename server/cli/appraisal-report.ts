import type { Appraisal, AppraisedExtension } from '../../verifier/appraisal/appraisal.ts';
import type { FirmwareSummary } from '../../verifier/appraisal/firmware-summary.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import { type ExitCode, exitCodes, fields, printable } from './output.ts';
import { reasonText } from './verdict-report.ts';

/** The appraisal as `--json` prints it; the names are scripted against. */
export function toAppraisalDocument({
  verdict,
  reasons,
  warnings,
  hostPolicy,
  attestationKey,
  quote,
  firmware,
  system,
  sets,
  observed,
  extensions,
}: Appraisal) {
  return {
    verdict,
    reasons,
    warnings,
    hostPolicy,
    attestationKey,
    quote:
      quote === null
        ? null
        : {
            bank: quote.bank,
            pcrs: Object.fromEntries([...quote.pcrs].map(([index, value]) => [index, toHex(value)])),
            resetCount: quote.clockInfo.resetCount,
            restartCount: quote.clockInfo.restartCount,
            clock: Number(quote.clockInfo.clock),
            safe: quote.clockInfo.safe,
            firmwareVersion: quote.firmwareVersion.toString(16).padStart(16, '0'),
          },
    firmware,
    system: system.map(({ pcr, word }) => ({ pcr, ...word })),
    sets,
    observed,
    extensions,
  };
}

/** Every answer but a yes is a no to a script; what it should do about it differs. */
export function exitCodeOf({ verdict }: Pick<Appraisal, 'verdict'>): ExitCode {
  if (verdict === 'undecided') return exitCodes.couldNotDecide;
  return verdict === 'trustworthy' ? exitCodes.yes : exitCodes.no;
}

/** The appraisal for people: the answer, what each set is, a table of extensions, and every reason for a no. */
export function appraisalText(appraisal: Appraisal): string {
  const { verdict, attestationKey, hostPolicy, firmware, system, sets, extensions } = appraisal;
  const facts: (readonly [string, string])[] = [
    ['attestation key', attestationKey],
    ...(hostPolicy === null
      ? []
      : [['appraised by', `${hostPolicy.name} version ${hostPolicy.version}`] as const]),
    ...(firmware === null ? [] : firmwareFacts(firmware)),
    ...systemFacts(system),
  ];
  for (const { class: extensionClass, state, policy } of sets) {
    facts.push([
      extensionClass,
      `${stateText[state]}, under policy ${policy.name} version ${policy.version}`,
    ]);
  }
  facts.push(...observedFacts(appraisal));
  for (const why of appraisal.reasons) facts.push(['because', reasonText(why)]);
  for (const one of appraisal.warnings) facts.push(['warning', reasonText(one)]);
  const refusals = extensions.flatMap(({ name, reasons: why }) =>
    why.map((one) => `  ${name}: ${reasonText(one)}`),
  );
  return [
    answerText[verdict],
    fields(facts, '  ').trimEnd(),
    ...table(extensions),
    ...refusals.map(printable),
    '',
  ].join('\n');
}

function observedFacts({ sets, observed }: Appraisal): (readonly [string, string])[] {
  // Of evidence that proves nothing it is not said that the host did not look.
  if (observed === null) return sets.length === 0 ? [] : [['seen merged', 'the host did not look']];
  return observed.map(({ class: extensionClass, extensions }) => {
    const names = extensions.map(({ name }) => name).join(', ');
    return [`seen ${extensionClass}`, names === '' ? 'nothing merged' : printable(names)] as const;
  });
}

function firmwareFacts({
  secureBoot,
  sections,
  unexplainedPcrs,
}: FirmwareSummary): (readonly [string, string])[] {
  const { state, message, dbxEntries, sbatDate } = secureBoot;
  const level = sbatDate === null ? '' : `, shim's level of ${sbatDate}`;
  const known = state === 'unclear' ? `unclear: ${message ?? ''}` : `${state}, ${dbxEntries} revoked${level}`;
  return [
    ['secure boot', known],
    ...sections.map(({ name, digest }) => [`booted ${name}`, digest] as const),
    ...(unexplainedPcrs.length === 0
      ? []
      : [['not explained', `what PCR ${unexplainedPcrs.join(', ')} holds`] as const]),
  ];
}

function systemFacts(system: Appraisal['system']): (readonly [string, string])[] {
  const words = system.map(({ word }) => word);
  const rows = [
    ['boot phases', words.flatMap((word) => (word.kind === 'phase' ? word.phase : []))],
    ['machine id', words.flatMap((word) => (word.kind === 'machine-id' ? word.id : []))],
    ['file systems', words.flatMap((word) => (word.kind === 'file-system' ? word.path : []))],
  ] as const;
  return rows.flatMap(([name, values]) => (values.length === 0 ? [] : [[name, values.join(', ')] as const]));
}

const answerText = {
  trustworthy: 'TRUSTWORTHY',
  'not-trustworthy': 'NOT TRUSTWORTHY',
  undecided: 'COULD NOT TELL',
} as const;

const stateText = {
  approved: 'approved and measured; no merge was confirmed',
  merged: 'approved, measured, and confirmed as merged',
  unmerged: 'unmerged',
} as const;

function table(extensions: readonly AppraisedExtension[]): string[] {
  if (extensions.length === 0) return [];
  const rows = [
    ['', 'CLASS', 'NAME', 'ROOT HASH', 'SIGNED BY', 'RULE'],
    ...extensions.map((extension) => [
      extension.verdict,
      extension.class,
      extension.name,
      `${extension.rootHash.slice(0, 16)}…`,
      extension.signer ?? '-',
      extension.rule ?? '-',
    ]),
  ].map((row) => row.map(printable));
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}
