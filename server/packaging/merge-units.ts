import { dirname } from 'node:path';

import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import { imageStore, policyPath, stateDirectory } from '../os/own-paths.ts';
import type { Program } from './program.ts';
import { marked, type PackagedFile } from './written-file.ts';

export interface MergeUnitOptions {
  readonly program: Program;
  /** Wait for the TPM's device to appear: where there is none, that takes the boot 90 s. */
  readonly tpm: boolean;
  /** Certificates that the policy must be signed by. */
  readonly policyTrust: readonly string[];
}

/** Late, so that what it resets stays reset. */
const dropInName = '90-touchstone.conf';

/**
 * The units that merge one class each (units/systemd-sysext.service and units/systemd-confext.service in systemd). One comes after
 * the other as in systemd 262: at once, one would wait for the other's lock.
 */
const refreshing = [
  { unit: 'systemd-sysext.service', class: 'sysext', after: ['systemd-confext.service'] },
  { unit: 'systemd-confext.service', class: 'confext', after: [] },
] as const satisfies readonly { unit: string; class: ExtensionClass; after: readonly string[] }[];

/** Those that merge either class when they are asked over Varlink; of systemd 255 and 262. A drop-in for no unit does nothing. */
const asked = ['systemd-sysext@.service', 'systemd-sysupdate-notify-sysext@.service'] as const;

/**
 * A unit of its kind has none to start: a gate that hung would be waited for by the boot. To stop, it has 90 s, after which what is
 * to look at what was merged would be killed, while it waits for the lock or verifies, and what was merged would stay.
 */
const timeLimit = '15min';

/**
 * Drop-ins by which nothing is merged by a unit of systemd that Touchstone has not approved. They are the same for every version
 * of systemd, so that a newer one finds its units guarded.
 */
export function mergeUnits(options: MergeUnitOptions): PackagedFile[] {
  return [
    ...refreshing.map((unit) => dropIn(unit.unit, refreshLines(unit, options))),
    ...asked.map((unit) => dropIn(unit, askedLines(options))),
    dropIn('sysinit.target', [
      '# Debian enables neither of them.',
      '[Unit]',
      `Wants=${refreshing.map(({ unit }) => unit).join(' ')}`,
    ]),
  ];
}

function dropIn(unit: string, lines: readonly string[]): PackagedFile {
  return { path: `/etc/systemd/system/${unit}.d/${dropInName}`, content: marked(`${lines.join('\n')}\n`) };
}

function refreshLines(
  { class: extensionClass, after }: (typeof refreshing)[number],
  options: MergeUnitOptions,
): string[] {
  const only = ['--class', extensionClass];
  const refresh = command(options, ['refresh', ...only]);
  return [
    '# Each command is taken away before it is given: if Touchstone cannot be started, nothing is merged.',
    ...unitSection(options, after),
    '# As those of the unit: one directory that is not empty is enough.',
    `ConditionDirectoryNotEmpty=|${imageStore(extensionClass)}`,
    '',
    ...serviceSection,
    'ExecStart=',
    `ExecStart=${refresh}`,
    'ExecReload=',
    `ExecReload=${refresh}`,
    'ExecStop=',
    `ExecStop=${command(options, ['unmerge', ...only])}`,
    '# Also after a start that was killed between the merge and the look at what was merged.',
    `ExecStopPost=${command(options, ['confirm', ...only])}`,
  ];
}

function askedLines(options: MergeUnitOptions): string[] {
  return [
    '# The unit merges either class when it is asked: nothing that was not approved just before, and what it merged is looked at.',
    ...unitSection(options, []),
    '',
    ...serviceSection,
    `ExecStartPre=${command(options, ['gate'])}`,
    `ExecStopPost=${command(options, ['confirm'])}`,
  ];
}

const serviceSection = [
  '[Service]',
  'UnsetEnvironment=NODE_OPTIONS NODE_PATH',
  `TimeoutStartSec=${timeLimit}`,
  `TimeoutStopSec=${timeLimit}`,
];

function unitSection({ program, tpm }: MergeUnitOptions, after: readonly string[]): string[] {
  const places = [program.node, program.main, policyPath].map((path) => dirname(path));
  return [
    '[Unit]',
    `RequiresMountsFor=${[...new Set([...places, stateDirectory])].join(' ')}`,
    // An order is kept with what is started anyway; it starts nothing and waits for nothing else.
    `After=${[...after, 'dev-tpmrm0.device', 'tpm2.target', 'systemd-pcrextend.socket'].join(' ')}`,
    ...(tpm ? ['Wants=dev-tpmrm0.device'] : []),
  ];
}

function command({ program, policyTrust }: MergeUnitOptions, words: readonly string[]): string {
  const trust = policyTrust.flatMap((path) => ['--policy-trust', path]);
  return [program.node, program.main, ...words, ...trust].join(' ');
}
