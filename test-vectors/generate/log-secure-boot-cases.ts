import { afterBoot, doubtful, logCase, replaced, retyped, sampleFacts } from './log-case.ts';
import type { LogCase } from './log-group.ts';
import { ascii, config, databases, dbx, handOver, secureBootOff, secureBootOn, types } from './log-sample.ts';
import type { BootEvent } from './log-writer.ts';
import { join } from './tpm-writer.ts';

/** Cases about what PCR 7 says of Secure Boot. */
export function secureBootCases(): LogCase[] {
  return [...switchCases(), ...variableCases(), ...forgeries()];
}

function doubt(id: string, comment: string, measured: readonly BootEvent[]): LogCase {
  return logCase({ id, comment, flag: 'SecureBoot', measured, expect: doubtful });
}

function switchCases(): LogCase[] {
  const off = { ...sampleFacts, secureBoot: false };
  const empty = config('global', 'SecureBoot', new Uint8Array());
  return [
    logCase({
      id: 'secure-boot-off',
      comment: 'Secure Boot is off',
      flag: 'SecureBoot',
      measured: replaced(secureBootOn, secureBootOff),
      expect: off,
    }),
    logCase({
      id: 'secure-boot-empty',
      comment: 'SecureBoot has no value',
      flag: 'SecureBoot',
      measured: replaced(secureBootOn, empty),
      expect: off,
    }),
    doubt(
      'secure-boot-2',
      'SecureBoot is 2',
      replaced(secureBootOn, config('global', 'SecureBoot', Uint8Array.of(2))),
    ),
    doubt('secure-boot-missing', 'no event of SecureBoot', replaced(secureBootOn)),
    doubt(
      'secure-boot-twice',
      'SecureBoot is measured as off and then as on',
      replaced(secureBootOn, secureBootOff, secureBootOn),
    ),
    doubt(
      'secure-boot-vendor',
      'SecureBoot of another vendor',
      replaced(secureBootOn, config('shim', 'SecureBoot', Uint8Array.of(1))),
    ),
    doubt(
      'secure-boot-nul',
      'a name with a NUL at its end',
      replaced(secureBootOn, config('global', 'SecureBoot\0', Uint8Array.of(1))),
    ),
  ];
}

function variableCases(): LogCase[] {
  const pk = databases[0];
  return [
    doubt(
      'event-unread',
      'an event before the separator that nobody understands',
      replaced(secureBootOn, secureBootOn, { pcr: 7, type: 0x1234, data: ascii('?') }),
    ),
    doubt(
      'variable-trailing',
      'a byte after a variable',
      replaced(secureBootOn, { ...secureBootOn, data: join(secureBootOn.data, Uint8Array.of(0)) }),
    ),
    doubt('dbx-missing', 'no event of dbx', replaced(dbx)),
    doubt(
      'dbx-cut',
      'a list in dbx is cut short',
      replaced(dbx, config('imageSecurity', 'dbx', dbx.data.subarray(-100))),
    ),
    doubt(
      'dbx-size',
      'a list in dbx is smaller than its own head',
      replaced(dbx, config('imageSecurity', 'dbx', dbx.data.slice(-124, -96).fill(0, 16, 20))),
    ),
    doubt('changed-later', 'dbx is measured again after the separator', afterBoot(dbx)),
    ...(pk === undefined
      ? []
      : [
          doubt(
            'no-platform-key',
            'Secure Boot is on without a platform key',
            replaced(pk, config('global', 'PK', new Uint8Array())),
          ),
        ]),
  ];
}

/** Secure Boot was off: PCR 7 says so, and root does what it can to have it read as on. */
function forgeries(): LogCase[] {
  const boot = replaced(secureBootOn, secureBootOff);
  const hide = (by: BootEvent, rest: readonly BootEvent[] = boot): BootEvent[] =>
    rest.map((event) => (event === secureBootOff ? by : event));
  const forged = (
    id: string,
    comment: string,
    logged: readonly BootEvent[],
    measured: readonly BootEvent[],
  ): LogCase => logCase({ id, comment, flag: 'EventType', logged, measured, expect: doubtful });
  const extended = [...boot.slice(0, -2), secureBootOn, ...handOver];
  const edited: BootEvent = { ...secureBootOn, measured: secureBootOff.data };
  return [
    forged('data-edited', 'the data of SecureBoot says on, its digest off', hide(edited), boot),
    forged(
      'hidden-as-unused',
      'SecureBoot off is retyped to EV_UNUSED, and on is extended later',
      hide(retyped(secureBootOff, types.unused), extended),
      extended,
    ),
    forged(
      'hidden-as-authority',
      'SecureBoot off is retyped to an authority',
      hide(retyped(secureBootOff, types.authority), extended),
      extended,
    ),
    forged(
      'hidden-as-action',
      'SecureBoot off is retyped to an action',
      hide(retyped(secureBootOff, types.action), extended),
      extended,
    ),
    forged('extended-later', 'SecureBoot on is extended after the separator', extended, extended),
    forged(
      'dbx-hidden',
      'dbx is retyped to an authority, and an empty one extended later',
      [
        ...boot.slice(0, -2).map((event) => (event === dbx ? retyped(dbx, types.authority) : event)),
        config('imageSecurity', 'dbx', new Uint8Array()),
        ...handOver,
      ],
      [...boot.slice(0, -2), config('imageSecurity', 'dbx', new Uint8Array()), ...handOver],
    ),
  ];
}
