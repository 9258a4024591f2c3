import { digest, distrusted, set, trusted } from './appraisal-policy-case.ts';
import type { HostCaseText } from './appraisal-policy-group.ts';

const sets = (change: object) => ({ host: { sets: [{ ...set, ...change }] } });
const edge = { name: 'edge', version: 12 };
const clock = (change: object) => ({ host: { clock: { restarts: 2, ...change } } });
const since = (change: object) => ({ host: { sinceEarlier: { resets: 1, seconds: 3600, ...change } } });
const without = (key: 'enrolment' | 'firmwareLog' | 'sinceEarlier' | 'mutable') => ({
  host: { [key]: undefined },
});

/** Of the identity, the extensions and the clock. */
export const hostCases: readonly HostCaseText[] = [
  trusted(['Known', 'all-that-is-asked', 'the host proves all that is asked, at every limit'], {}),
  distrusted(['Known', 'first-use', 'no maker vouches for the TPM'], 'enrolment-insufficient', '8:18', {
    host: { enrolment: 'first-use' },
  }),
  distrusted(
    ['Unknown', 'no-enrolment', 'the keys come from no enrolment'],
    'fact-unknown',
    '8:18',
    without('enrolment'),
  ),
  trusted(['Known', 'activated-is-enough', 'the policy asks for no maker'], {
    host: { enrolment: 'first-use' },
    edit: ['enrolment: maker', 'enrolment: activated'],
  }),
  distrusted(
    ['Known', 'tpm-firmware-older', 'the firmware of the TPM is older by one'],
    'firmware-too-old',
    '9:20',
    { host: { tpmFirmware: '00070001ffffffff' } },
  ),
  trusted(['Known', 'tpm-firmware-unsigned', 'versions are compared as unsigned numbers'], {
    host: { tpmFirmware: 'ffffffff00000000' },
  }),
  distrusted(
    ['Extensions', 'policy-of-another-name', 'the host goes by another policy'],
    'policy-not-allowed',
    '10:32',
    sets({ policy: { name: 'Edge', version: 12 } }),
  ),
  distrusted(
    ['Extensions', 'policy-too-old', 'the policy is older than asked'],
    'policy-not-allowed',
    '10:47',
    sets({ policy: { name: 'edge', version: 9 } }),
  ),
  distrusted(
    ['Extensions', 'policy-too-new', 'the policy is newer than all that are allowed'],
    'policy-not-allowed',
    '10:47',
    sets({ policy: { name: 'edge', version: 20 } }),
  ),
  distrusted(
    ['Extensions', 'extension-of-the-other-class', 'a confext is no sysext of that name'],
    'extension-missing',
    '11:20',
    sets({ class: 'confext' }),
  ),
  distrusted(
    ['Extensions', 'extension-older', 'the extension is older than asked'],
    'extension-missing',
    '11:20',
    sets({ extensions: [{ name: 'agent', version: '2~rc1' }] }),
  ),
  distrusted(
    ['Extensions', 'extension-without-version', 'an extension without a version is in no range'],
    'extension-missing',
    '11:20',
    sets({ extensions: [{ name: 'agent' }] }),
  ),
  distrusted(
    ['Extensions', 'extension-unmerged', 'the set was unmerged'],
    'extension-missing',
    '11:20',
    sets({ state: 'unmerged' }),
  ),
  distrusted(
    ['Extensions', 'approved-only', 'no merge was confirmed'],
    'merge-unconfirmed',
    '12:15',
    sets({ state: 'approved' }),
  ),
  trusted(
    ['Extensions', 'set-of-old-policy-gone', 'a set that is not in use was approved by an older policy'],
    {
      host: {
        sets: [set, { class: 'confext', state: 'unmerged', policy: { ...edge, version: 11 } }],
      },
    },
  ),
  distrusted(
    ['Extensions', 'one-set-by-old-policy', 'one of two sets in use was approved by an older policy'],
    'policy-not-allowed',
    '10:47',
    {
      host: { sets: [set, { class: 'confext', policy: { ...edge, version: 11 } }] },
    },
  ),
  distrusted(['Clock', 'clock-not-safe', 'the TPM lost power without a shutdown'], 'clock-unfit', '13:22', {
    ...clock({ safe: false }),
    edit: [', maximumGapSeconds: 3600', ''],
  }),
  distrusted(
    ['Clock', 'resumed-once-more', 'the host was suspended once more than allowed'],
    'clock-unfit',
    '13:45',
    clock({ restarts: 3 }),
  ),
  distrusted(
    ['Clock', 'unseen-boot', 'the TPM was reset twice since the earlier evidence'],
    'clock-unfit',
    '13:81',
    since({ resets: 2 }),
  ),
  distrusted(
    ['Clock', 'unseen-second', 'the TPM ran a second longer than allowed'],
    'clock-unfit',
    '13:103',
    since({ seconds: 3601 }),
  ),
  distrusted(
    ['Unknown', 'no-earlier-evidence', 'nothing is there to be continued'],
    'fact-unknown',
    '13:60',
    without('sinceEarlier'),
  ),
  distrusted(
    ['Unknown', 'gap-by-unsafe-clock', 'the clock lost time with the power, so it shows too little'],
    'fact-unknown',
    '13:91',
    {
      ...clock({ safe: false }),
      edit: ['safe: true, ', ''],
    },
  ),
  trusted(['Warnings', 'warned-of-mutable', 'what only warns is a warning'], { host: { mutable: true } }, [
    'hierarchy-mutable',
  ]),
  trusted(
    ['Warnings', 'warned-of-unknown', 'what only warns is one where nothing is known, too'],
    without('mutable'),
    ['fact-unknown'],
  ),
];

const keys = (secureBoot: object) => ({ secureBoot });
const log = (change: object) => ({ log: change });

/** Of the boot. */
export const bootCases: readonly HostCaseText[] = [
  distrusted(['Pcrs', 'pcr-not-listed', 'the value is not one of the two'], 'pcr-not-listed', '16:18', {
    host: { pcrs: { '0': digest('3') } },
  }),
  distrusted(['Unknown', 'pcr-not-quoted', 'another PCR was quoted'], 'fact-unknown', '16:18', {
    host: { pcrs: { '1': digest('1') } },
  }),
  distrusted(
    ['Pcrs', 'pcr-unexplained', 'PCR 14 holds more than the log says'],
    'pcr-unexplained',
    '17:24',
    log({ unexplainedPcrs: [10, 14] }),
  ),
  distrusted(
    ['SecureBoot', 'secure-boot-off', 'Secure Boot is off'],
    'secure-boot-off',
    '18:30',
    keys({ enabled: false }),
  ),
  distrusted(
    ['Unknown', 'secure-boot-unclear', 'the log does not say what Secure Boot enforced'],
    'fact-unknown',
    '18:19',
    log({ secureBoot: undefined }),
  ),
  distrusted(
    ['SecureBoot', 'stranger-in-db', 'db has a key more'],
    'secure-boot-keys',
    '18:40',
    keys({ db: [digest('a'), digest('9')] }),
  ),
  trusted(['SecureBoot', 'db-with-less', 'a listed key need not be there'], keys({ db: [] })),
  distrusted(
    ['SecureBoot', 'dbx-older', 'dbx lacks the update'],
    'secure-boot-keys',
    '18:117',
    keys({ dbx: [digest('9')] }),
  ),
  trusted(
    ['SecureBoot', 'dbx-with-more', 'dbx has entries that nobody listed'],
    keys({ dbx: [digest('b'), digest('9')] }),
  ),
  distrusted(
    ['SecureBoot', 'stranger-as-authority', 'another key let an image start'],
    'secure-boot-keys',
    '18:142',
    keys({ authorities: [digest('a'), digest('9')] }),
  ),
  distrusted(
    ['SecureBoot', 'sbat-level-older', 'shim goes by revocations of a day before'],
    'secure-boot-keys',
    '18:221',
    keys({ sbatLevel: '2024-01-08' }),
  ),
  distrusted(
    ['Unknown', 'sbat-level-not-measured', 'no level of revocations was measured'],
    'fact-unknown',
    '18:221',
    keys({ sbatLevel: undefined }),
  ),
  distrusted(
    ['Boot', 'stranger-started', 'an image was started that is not listed'],
    'boot-not-listed',
    '19:23',
    log({ images: [digest('c'), digest('d'), digest('9')] }),
  ),
  trusted(
    ['Boot', 'one-of-the-listed', 'not all that is listed was started'],
    log({ images: [digest('d')] }),
  ),
  distrusted(
    ['Unknown', 'nothing-started', 'the log has no image at all'],
    'fact-unknown',
    '19:23',
    log({ images: [] }),
  ),
  distrusted(
    ['Boot', 'section-other', 'the command line in the kernel is another'],
    'boot-not-listed',
    '19:179',
    log({ sections: { '.cmdline': digest('9') } }),
  ),
  distrusted(
    ['Boot', 'section-missing', 'the kernel has no command line of its own'],
    'boot-not-listed',
    '19:179',
    log({ sections: { '.linux': digest('f') } }),
  ),
  distrusted(
    ['Boot', 'command-line-other', 'a command line was given that is not listed'],
    'boot-not-listed',
    '19:263',
    log({ commandLines: ['quiet', 'quiet init=/bin/sh'] }),
  ),
  trusted(['Boot', 'no-command-line', 'none was given'], log({ commandLines: [] })),
  trusted(['Labels', 'label-of-no-rule', 'no rule is about this label'], { labels: { env: 'production' } }),
  distrusted(['Labels', 'second-value', 'the rule is about the second value, too'], 'fact-unknown', '23:59', {
    labels: { env: 'workshop' },
  }),
  trusted(['Labels', 'deployed-in-workshop', 'and holds'], {
    labels: { env: 'workshop' },
    ...keys({ deployedMode: true }),
  }),
  distrusted(['Labels', 'not-deployed-in-workshop', 'or fails'], 'secure-boot-off', '23:59', {
    labels: { env: 'workshop' },
    ...keys({ deployedMode: false }),
  }),
];
