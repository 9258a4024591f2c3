import type { ReasonCode } from '../../verifier/reasons.ts';
import { expectedOf } from './log-genuine.ts';
import type { HostCaseText } from './appraisal-policy-group.ts';

const policyOf = (requirement: string): string => `apiVersion: touchstone/v1
kind: AppraisalPolicy
metadata: { name: vectors, version: 1 }
dbx: { 2023-05-09: [80b4d96931bf0d02fd91a61e19d14f1da452e66db2408ca8604d411f92659f0a] }
rules:
  - name: all hosts
    require: ${requirement}
`;

function logCase(
  [id, comment]: readonly [string, string],
  name: string,
  requirement: string,
  code?: ReasonCode,
  at?: string,
): HostCaseText {
  return {
    ...{ id, comment, flags: ['Genuine'] },
    inputs: { policy: policyOf(requirement), host: {}, log: `${name}.bin`, labels: {} },
    expect:
      code === undefined
        ? { verdict: 'trustworthy', reasons: [], warnings: [], at: null, stage: null }
        : {
            verdict: code === 'fact-unknown' ? 'undecided' : 'not-trustworthy',
            ...{ reasons: [code], warnings: [], at: `policy.yaml:${at ?? ''}`, stage: 'policy' },
          },
  };
}

const grub = 'event-moklisttrusted';
const boot = 'event-arch-linux';
const cloud = 'event-gce-ubuntu-2104-log';
const imagesOf = (name: string) => expectedOf(name).images.get('sha256')?.join(', ') ?? '';

/** Of machines that were. */
export function logCases(): HostCaseText[] {
  return [...secureBootCases, ...imageCases()];
}

const secureBootCases: readonly HostCaseText[] = [
  logCase(
    ['genuine-secure-boot', 'shim and GRUB by Secure Boot'],
    grub,
    '{ firmwareLog: true, secureBoot: { enabled: true } }',
  ),
  logCase(
    ['genuine-old-dbx', 'its dbx is the placeholder of who has none'],
    grub,
    '{ secureBoot: { enabled: true, dbxDate: 2023-05-09 } }',
    'secure-boot-keys',
    '7:54',
  ),
  logCase(
    ['genuine-sbat-level', 'its shim goes by the first level there was'],
    grub,
    '{ secureBoot: { enabled: true, sbatLevel: 2021-03-02 } }',
  ),
  logCase(
    ['genuine-old-sbat-level', 'and by no later one'],
    grub,
    '{ secureBoot: { enabled: true, sbatLevel: 2022-01-01 } }',
    'secure-boot-keys',
    '7:56',
  ),
  logCase(
    ['genuine-no-deployed-mode', 'its firmware measures no deployed mode'],
    grub,
    '{ secureBoot: { enabled: true, deployedMode: true } }',
    'fact-unknown',
    '7:59',
  ),
  logCase(
    ['genuine-without-secure-boot', 'systemd-boot with keys of the owner, not enforced'],
    boot,
    '{ secureBoot: { enabled: true } }',
    'secure-boot-off',
    '7:39',
  ),
];

function imageCases(): HostCaseText[] {
  return [
    logCase(
      ['genuine-images', 'its images are those that tpm2-tools finds'],
      boot,
      `{ boot: { images: [${imagesOf(boot)}] } }`,
    ),
    logCase(
      ['genuine-image-unlisted', 'and no others'],
      cloud,
      `{ boot: { images: [${imagesOf(boot)}] } }`,
      'boot-not-listed',
      '7:32',
    ),
    logCase(
      ['genuine-no-sections', 'no unified kernel: PCR 11 was not quoted'],
      boot,
      `{ boot: { sections: { .linux: [${'f'.repeat(64)}] } } }`,
      'fact-unknown',
      '7:34',
    ),
  ];
}
