import type { ImageVerdict } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import type { ClassStatus, LogStatus } from '../host/merge/host-status.ts';
import type { QuarantinedImage } from '../host/quarantined.ts';
import { capabilities } from '../host/systemd/capabilities.ts';
import { fields, printable } from './output.ts';
import { reasonText, toVerdictDocument } from './verdict-report.ts';

/** How a host stands. */
export interface HostStatus {
  /** The release of systemd here. */
  readonly systemd: number;
  readonly policy: Policy;
  readonly log: LogStatus;
  readonly classes: readonly ClassStatus[];
  readonly quarantine: readonly QuarantinedImage[];
}

/** The status as `--json` prints it; the names are scripted against. */
export function toStatusDocument({ systemd, policy, log, classes, quarantine }: HostStatus) {
  return {
    systemd: { version: systemd, ...usedOf(systemd) },
    policy: { name: policy.name, version: policy.version, sha256: policy.sha256, mode: policy.mode },
    log: { pcr: policy.measurePcr, tpm: log.hasTpm, agrees: log.agrees, violations: log.violations },
    classes: classes.map(({ merged, images, unstaged, violations, set, changed, good }) => ({
      class: merged.class,
      ...{ good, changed },
      merged: {
        ...{ hierarchies: merged.hierarchies, extensions: merged.extensions, mutable: merged.mutable },
        ...{ since: merged.since, knownBy: merged.knownBy, problems: merged.problems },
      },
      measured:
        set === null ? null : { state: set.state, extensions: set.extensions.map(({ name }) => name) },
      violations,
      images: images.map(({ discovered, verdict }) => toVerdictDocument(discovered.entry, verdict, 0)),
      unstaged: unstaged.map(({ entry, verdict }) => toVerdictDocument(entry, verdict, 0)),
    })),
    quarantine,
  };
}

/** What of systemd's abilities a merge is made and looked at with. */
function usedOf(systemd: number) {
  const { imagePolicySwitch, origin, confext } = capabilities(systemd);
  return { imagePolicy: imagePolicySwitch, readBack: origin ? 'origin' : 'devices', confext };
}

function systemdText(systemd: number): string {
  const { imagePolicy, readBack, confext } = usedOf(systemd);
  const policy = imagePolicy ? 'merges under an image policy' : 'knows no image policies';
  const read = readBack === 'origin' ? 'says what it merged' : 'what it merged is read back from devices';
  return `version ${systemd}: ${policy}, ${read}${confext ? '' : ', has no confexts'}`;
}

/** The status for people: a line of answer for each class, then what speaks against it. */
export function statusText({ systemd, policy, log, classes, quarantine }: HostStatus): string {
  const pcr = `PCR ${policy.measurePcr}`;
  const measured = !log.hasTpm
    ? 'nothing is measured: there is no TPM'
    : log.agrees
      ? `agrees with ${pcr}`
      : `does NOT agree with ${pcr}, or is incomplete; reboot the host`;
  const facts: (readonly [string, string])[] = [
    ['policy', `${policy.name} version ${policy.version}${policy.mode === 'audit' ? ', audit mode' : ''}`],
    ['systemd', systemdText(systemd)],
    ['log', log.violations === 0 ? measured : `${measured}; ${log.violations} violations since boot`],
    ...classes.flatMap(classFacts),
    ...quarantine.map(({ path, from, masks }): [string, string] =>
      masks.length > 0 ? ['hidden', `${from}, by ${path}`] : ['quarantined', `${from}, as ${path}`],
    ),
  ];
  return fields(facts, '');
}

const refreshHint: [string, string] = ['  next', 'touchstone refresh would change what is merged'];

function classFacts({
  merged,
  images,
  unstaged,
  violations,
  set,
  changed,
  good,
}: ClassStatus): [string, string][] {
  const { class: extensionClass, extensions } = merged;
  const names = extensions.map(({ name }) => name).join(', ');
  const said = set === null ? 'nothing measured' : `the log says ${set.state}`;
  const answer = good ? '' : violations.length > 0 ? 'UNAPPROVED: ' : 'NOT CONFIRMED: ';
  return [
    [extensionClass, printable(`${answer}${names === '' ? 'nothing merged' : `merged ${names}`}; ${said}`)],
    ...violations.map(({ code, message }): [string, string] => [
      '  because',
      printable(`${code}: ${message}`),
    ]),
    ...(changed ? [refreshHint] : []),
    ...images.flatMap(({ verdict }) => refusals(verdict, 'would be refused')),
    ...unstaged.flatMap(({ verdict }) => refusals(verdict, 'refused in the store')),
  ];
}

function refusals({ name, approval, reasons }: ImageVerdict, what: string): [string, string][] {
  if (approval !== null) return [];
  return reasons.map((why): [string, string] => [`  ${printable(name)}`, `${what}: ${reasonText(why)}`]);
}
