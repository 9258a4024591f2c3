import { logCase, replaced, retyped, sampleEvent, sampleFacts } from './log-case.ts';
import type { LogCase } from './log-group.ts';
import { ascii, handOver, image, sampleBoot, separator, types } from './log-sample.ts';
import { type BootEvent, bootPcrs, hash, writeLog } from './log-writer.ts';

const noAction = (text: string, ...more: readonly number[]): BootEvent => ({
  ...{
    pcr: 0,
    type: types.noAction,
    data: Uint8Array.from([...ascii(`${text}\0`), ...more]),
    measured: null,
  },
});
const locality = (value: number): BootEvent => noAction('StartupLocality', value);
const startedAt = (value: number, events: readonly BootEvent[]): LogCase => ({
  ...logCase({
    id: `locality-${value}`,
    comment: `the TPM was started at locality ${value}`,
    flag: 'Locality',
    expect: sampleFacts,
  }),
  log: writeLog([locality(value), ...events]),
  pcrs: bootPcrs(events, 'sha256', value),
});
const evil = image('\\EFI\\evil.efi', 'evil');

/** Cases about what was extended, and about the lines between the firmware and the rest. */
export function replayCases(): LogCase[] {
  return [...read(), ...localities(), ...otherEvents(), ...separators(), ...retypedSeparators(), ...ends()];
}

function read(): LogCase[] {
  const word = hash('sha256', ascii('os-separator'));
  const sample = logCase({
    id: 'sample',
    comment: 'shim, systemd-boot and a unified kernel image',
    flag: 'Sample',
    expect: sampleFacts,
  });
  const followed = [0, 4, 7, 13];
  const lastImage = sampleBoot.findLast(({ type }) => type === types.application);
  return [
    sample,
    {
      ...sample,
      id: 'continued',
      comment: 'userspace extended PCRs 0, 4, 7 and 13, and its own log says so',
      pcrs: new Map(
        [...sample.pcrs].map(([pcr, value]) => [
          pcr,
          followed.includes(pcr) ? hash('sha256', value, word) : value,
        ]),
      ),
      continued: new Map(followed.map((pcr) => [pcr, [word]])),
    },
    {
      ...sample,
      id: 'continued-unsaid',
      comment: 'userspace extended PCR 13, and nothing says so',
      pcrs: new Map(
        [...sample.pcrs].map(([pcr, value]) => [pcr, pcr === 13 ? hash('sha256', value, word) : value]),
      ),
      expect: 'log-replay-mismatch',
    },
    {
      ...sample,
      id: 'continued-image',
      comment: 'an image is left out of the log, and said to be measured by userspace',
      log: writeLog(sampleBoot.filter((event) => event !== lastImage)),
      continued: new Map([[4, [hash('sha256', lastImage?.measured ?? word)]]]),
      expect: 'log-replay-mismatch',
    },
    {
      ...sample,
      id: 'unquoted',
      comment: 'only PCR 11 is quoted, so nothing else is believed',
      pcrs: new Map([...sample.pcrs].filter(([pcr]) => pcr === 11)),
      expect: { ...sampleFacts, secureBoot: null, dbx: null, authorities: null, images: [], commands: 0 },
    },
    {
      ...sample,
      id: 'bank-missing',
      comment: 'the log has no digests of the bank that is quoted',
      log: writeLog(sampleBoot, ['sha1']),
      expect: 'log-bank-missing',
    },
  ];
}

function localities(): LogCase[] {
  const refused = (id: string, comment: string, logged: readonly BootEvent[]): LogCase =>
    logCase({ id, comment, flag: 'Locality', logged, expect: 'malformed' });
  const hcrtm: BootEvent = {
    pcr: 0,
    type: types.hcrtm,
    data: ascii('HCRTM'),
    measured: ascii('hardware root'),
  };
  return [
    startedAt(3, sampleBoot),
    startedAt(4, [hcrtm, ...sampleBoot]),
    logCase({
      ...{
        id: 'locality-unsaid',
        comment: 'the TPM was started at locality 0, and the log says 3',
        flag: 'Locality',
      },
      ...{ logged: [locality(3), ...sampleBoot], expect: 'log-replay-mismatch' },
    }),
    refused('locality-1', 'the log says locality 1, which cannot start a TPM', [locality(1), ...sampleBoot]),
    refused('locality-twice', 'the log says the locality twice', [locality(0), locality(0), ...sampleBoot]),
    refused('locality-late', 'the log says the locality after the first event of PCR 0', [
      ...sampleBoot,
      locality(0),
    ]),
  ];
}

function otherEvents(): LogCase[] {
  const mismatch = (
    id: string,
    comment: string,
    logged: readonly BootEvent[],
    measured = sampleBoot,
  ): LogCase => logCase({ id, comment, flag: 'Replay', measured, logged, expect: 'log-replay-mismatch' });
  const shim = sampleEvent(({ type }) => type === types.application);
  const note = noAction('a note of the firmware');
  const [first, second, ...others] = sampleBoot;
  return [
    logCase({
      ...{ id: 'no-action', comment: 'EV_NO_ACTION extends nothing', flag: 'NoAction', expect: sampleFacts },
      logged: [note, ...sampleBoot],
    }),
    logCase({
      ...{
        id: 'no-action-digest',
        comment: 'nor does it if it has a digest',
        flag: 'NoAction',
        expect: sampleFacts,
      },
      log: writeLog([{ ...note, measured: ascii('x') }, ...sampleBoot]),
    }),
    mismatch(
      'hidden-as-no-action',
      'an image is retyped to EV_NO_ACTION',
      replaced(shim, retyped(shim, types.noAction)),
    ),
    mismatch('dropped', 'an image is left out', replaced(shim)),
    mismatch('edited', 'an image has another digest', replaced(shim, { ...shim, measured: ascii('other') })),
    mismatch('other-pcr', 'an image is moved to PCR 15', replaced(shim, { ...shim, pcr: 15 })),
    mismatch('unlogged', 'an image was started and not logged', sampleBoot, [...sampleBoot, evil]),
    ...(first === undefined || second === undefined
      ? []
      : [mismatch('swapped', 'two events of PCR 0 are swapped', [second, first, ...others])]),
    logCase({
      ...{ id: 'added', comment: 'the log has an image more than was quoted', flag: 'Replay' },
      ...{ logged: [...sampleBoot.slice(0, -2), evil, ...handOver], expect: 'log-event-added' },
    }),
  ];
}

function separators(): LogCase[] {
  const fourth = sampleEvent(({ type, pcr }) => type === types.separator && pcr === 4);
  const seventh = sampleEvent(({ type, pcr }) => type === types.separator && pcr === 7);
  const measuredCase = (
    id: string,
    comment: string,
    measured: readonly BootEvent[],
    expect: LogCase['expect'],
  ): LogCase => logCase({ id, comment, flag: 'Separator', measured, expect });
  return [
    measuredCase(
      'separator-ones',
      'a separator of ones',
      replaced(fourth, separator(4, [255, 255, 255, 255])),
      sampleFacts,
    ),
    measuredCase('separator-missing', 'PCR 4 has no separator', replaced(fourth), 'separator-invalid'),
    measuredCase(
      'separator-twice',
      'PCR 4 has two separators',
      replaced(fourth, fourth, fourth),
      'separator-invalid',
    ),
    measuredCase(
      'separator-late',
      'root extends a second separator into PCR 7',
      [...sampleBoot.slice(0, -2), seventh, ...handOver],
      'separator-invalid',
    ),
    measuredCase(
      'separator-error',
      'the firmware measured an error',
      replaced(fourth, separator(4, [1, 0, 0, 0])),
      'separator-invalid',
    ),
    measuredCase(
      'separator-value',
      'a separator of another value',
      replaced(fourth, separator(4, [2, 0, 0, 0])),
      'log-event-retyped',
    ),
  ];
}

function retypedSeparators(): LogCase[] {
  const fourth = sampleEvent(({ type, pcr }) => type === types.separator && pcr === 4);
  const seventh = sampleEvent(({ type, pcr }) => type === types.separator && pcr === 7);
  const crtmEvent = sampleEvent(({ type }) => type === types.crtmVersion);
  const retypedCase = (id: string, comment: string, logged: readonly BootEvent[]): LogCase =>
    logCase({ id, comment, flag: 'EventType', logged, expect: 'log-event-retyped' });
  return [
    retypedCase(
      'separator-unused',
      'the separator of PCR 7 is retyped to EV_UNUSED',
      replaced(seventh, retyped(seventh, types.unused)),
    ),
    retypedCase(
      'separator-as-action',
      'the separator of PCR 4 is retyped to EV_EFI_ACTION',
      replaced(fourth, retyped(fourth, types.action)),
    ),
    retypedCase(
      'event-as-separator',
      'another event of PCR 0 is retyped to EV_SEPARATOR',
      replaced(crtmEvent, retyped(crtmEvent, types.separator, new Uint8Array(4))),
    ),
  ];
}

function ends(): LogCase[] {
  const late = (id: string, comment: string, measured: readonly BootEvent[]): LogCase =>
    logCase({ id, comment, flag: 'AfterExit', measured, expect: 'log-event-late' });
  const end = handOver[1];
  const shim = sampleEvent(({ type }) => type === types.application);
  return [
    late('after-exit', 'root extends PCR 4 after ExitBootServices and logs it', [...sampleBoot, evil]),
    late('after-exit-no-action', 'an event that extends nothing comes after ExitBootServices', [
      ...sampleBoot,
      noAction('late'),
    ]),
    logCase({
      ...{
        id: 'moved-after-exit',
        comment: 'an image is moved behind ExitBootServices, out of sight',
        flag: 'AfterExit',
      },
      // It is the only event of PCR 4 after the separator, so PCR 4 replays all the same.
      measured: [
        ...sampleBoot.filter(({ type }) => type !== types.application).slice(0, -2),
        shim,
        ...handOver,
      ],
      logged: [...sampleBoot.filter(({ type }) => type !== types.application), shim],
      expect: 'log-event-late',
    }),
    ...(end === undefined
      ? []
      : [
          logCase({
            ...{
              id: 'exit-retyped',
              comment: 'ExitBootServices is retyped, with an event after it',
              flag: 'AfterExit',
            },
            measured: [...sampleBoot, evil],
            logged: [...sampleBoot.slice(0, -1), retyped(end, types.unused), evil],
            expect: 'log-event-late',
          }),
        ]),
  ];
}
