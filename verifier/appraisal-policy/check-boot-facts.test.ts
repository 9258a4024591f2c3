import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { expectedOf, genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import {
  action,
  ascii,
  authority,
  config,
  handOver,
  ipl,
  sampleBoot,
  secureBootOff,
  secureBootOn,
  separator,
  types,
} from '../../test-vectors/generate/log-sample.ts';
import type { BootEvent } from '../../test-vectors/generate/log-writer.ts';
import { checkAppraisalPolicy } from './check-appraisal-policy.ts';
import { readFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import type { ProvedFirmware } from './proved-host.ts';
import { ask, digestOf, firmwareOf, host, load, policyText, sha } from './tests/sample-host.ts';

const sampleDb = host.firmware!.facts.secureBoot;
assert.ok(sampleDb.known);
const certificate = sampleDb.db.flatMap((one) => ('sha256' in one ? [one.sha256] : [])).join();

/** The sample boot with something before its hand-over. */
const also = (...events: readonly BootEvent[]): { firmware: ProvedFirmware } => ({
  firmware: firmwareOf([...sampleBoot.slice(0, -handOver.length), ...events, ...handOver]),
});
const instead = (old: BootEvent, ...events: readonly BootEvent[]): { firmware: ProvedFirmware } => ({
  firmware: firmwareOf(sampleBoot.flatMap((event) => (event === old ? events : [event]))),
});

test('Secure Boot with its keys, its revocations and its level is as asked', () => {
  const asked = [
    `enabled: true, db: [${certificate}], authorities: [${certificate}], sbatLevel: 2024-01-09`,
    `dbx: [${digestOf('a')}, ${digestOf('b')}], dbxDate: 2023-05-09`,
  ];
  assert.deepEqual(ask(`{ secureBoot: { ${asked.join(', ')} } }`), []);
});

test('Secure Boot that is off, that shim was told not to enforce, or that can be debugged away, is off', () => {
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', instead(secureBootOn, secureBootOff)), [
    'secure-boot-off',
  ]);
  const insecure = also(authority('shim', 'MokSBState', Uint8Array.of(1)));
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', insecure), ['secure-boot-off']);
  const debugged = instead(secureBootOn, action(7, 'UEFI Debug Mode'), secureBootOn);
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', debugged), ['secure-boot-off']);
  const enforced = also(authority('shim', 'MokSBState', Uint8Array.of(0)));
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', enforced), []);
});

test('a setting of shim that is retyped in the log leaves the state of Secure Boot unknown', () => {
  const insecure = authority('shim', 'MokSBState', Uint8Array.of(1));
  const hidden = also({ ...insecure, type: types.ipl });
  for (const asked of ['enabled: true', `authorities: [${certificate}]`, 'sbatLevel: 2024-01-09'])
    assert.deepEqual(ask(`{ secureBoot: { ${asked} } }`, hidden), ['fact-unknown'], asked);
  assert.deepEqual(
    ask('{ secureBoot: { sbatLevel: 2024-01-10 } }', hidden),
    ['fact-unknown'],
    'or the first',
  );
  assert.deepEqual(ask(`{ secureBoot: { db: [${certificate}] } }`, hidden), [], 'db was read before');
});

test('deployed mode is known only from firmware that measures it', () => {
  const asked = '{ secureBoot: { deployedMode: true } }';
  const measured = (name: string, value: number) =>
    instead(secureBootOn, secureBootOn, config('global', name, Uint8Array.of(value)));
  assert.deepEqual(ask(asked), ['fact-unknown']);
  assert.deepEqual(ask(asked, measured('DeployedMode', 1)), []);
  assert.deepEqual(ask(asked, measured('DeployedMode', 0)), ['secure-boot-off']);
  assert.deepEqual(ask(asked, measured('AuditMode', 1)), ['secure-boot-off']);
});

test('an entry of db, or an authority, that is not listed is refused', () => {
  assert.deepEqual(ask(`{ secureBoot: { db: [${sha('f')}] } }`), ['secure-boot-keys']);
  assert.deepEqual(ask(`{ secureBoot: { authorities: [${sha('f')}] } }`), ['secure-boot-keys']);
  const trusted = also(authority('shim', 'MokListTrusted', Uint8Array.of(1)));
  assert.deepEqual(ask(`{ secureBoot: { authorities: [${certificate}] } }`, trusted), ['secure-boot-keys']);
  const listed = `{ secureBoot: { authorities: [${certificate}, ${digestOf('\x01')}] } }`;
  assert.deepEqual(ask(listed, trusted), []);
});

test('a revocation that dbx lacks is missed, by itself and as a part of an update', () => {
  assert.deepEqual(ask(`{ secureBoot: { dbx: [${digestOf('a')}, ${sha('c')}] } }`), ['secure-boot-keys']);
  assert.deepEqual(ask('{ secureBoot: { dbxDate: 2025-06-10 } }'), ['secure-boot-keys']);
});

test('an update of before the date asked for counts too', () => {
  const entry = (sha256: ReturnType<typeof digestOf>) => ({ kind: 'sha256', owner: null, sha256 }) as const;
  const dbx = (...entries: ReturnType<typeof digestOf>[]) => {
    const secureBoot = { ...sampleDb, dbx: entries.map(entry) };
    return { firmware: { ...host.firmware!, facts: { ...host.firmware!.facts, secureBoot } } };
  };
  const asked = '{ secureBoot: { dbxDate: 2025-06-10 } }';
  assert.deepEqual(ask(asked, dbx(digestOf('a'), digestOf('b'), sha('c'))), []);
  assert.deepEqual(ask(asked, dbx(digestOf('b'), sha('c'))), ['secure-boot-keys']);
});

test('of several levels the lowest counts: root can measure a higher one, and no shim a lower one', () => {
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2024-01-10 } }'), ['secure-boot-keys']);
  const later = also(authority('shim', 'SbatLevel', ascii('sbat,1,2031010100\n')));
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2024-01-10 } }', later), ['secure-boot-keys']);
  const lower = also(authority('shim', 'SbatLevel', ascii('sbat,1,2021010100\n')));
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2024-01-09 } }', lower), ['secure-boot-keys']);
  const undated = also(authority('shim', 'SbatLevel', ascii('sbat,1\n')));
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2024-01-09 } }', undated), ['fact-unknown']);
  const bare = firmwareOf(sampleBoot.filter(({ data }) => !Buffer.from(data).includes('2024010900')));
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2024-01-09 } }', { firmware: bare }), ['fact-unknown']);
});

test('Secure Boot is unknown where PCR 7 says something that is not understood', () => {
  const odd = instead(secureBootOn);
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', odd), ['fact-unknown']);
});

const images = ['shim', 'systemd-boot', 'unified kernel'].map(digestOf).join(', ');

test('every image in PCR 4 must be listed', () => {
  assert.deepEqual(ask(`{ boot: { images: [${images}] } }`), []);
  const extra: BootEvent = {
    pcr: 4,
    type: types.unused,
    data: ascii('x'),
    measured: ascii('another kernel'),
  };
  assert.deepEqual(
    ask(`{ boot: { images: [${images}] } }`, also(extra)),
    ['boot-not-listed'],
    'whatever its type',
  );
  assert.deepEqual(ask('{ boot: { drivers: [] } }'), []);
  assert.deepEqual(ask('{ boot: { drivers: [] } }', also({ ...extra, pcr: 2 })), ['boot-not-listed']);
});

test('what was started is unknown where PCR 4 is not explained, or holds no image', () => {
  const values = new Map([...host.firmware!.values].filter(([pcr]) => pcr !== 4));
  assert.deepEqual(ask(`{ boot: { images: [${images}] } }`, { firmware: { ...host.firmware!, values } }), [
    'fact-unknown',
  ]);
  const bare = firmwareOf([...[0, 1, 2, 3, 4, 5, 6].map((pcr) => separator(pcr)), ...handOver]);
  assert.deepEqual(ask(`{ boot: { images: [${images}] } }`, { firmware: bare }), ['fact-unknown']);
});

test('sections of the kernel must be there, each time as listed', () => {
  const asked = `{ boot: { sections: { .linux: [${digestOf('kernel')}], .cmdline: [${digestOf('root=/dev/vda quiet')}] } } }`;
  assert.deepEqual(ask(asked), []);
  assert.deepEqual(ask(`{ boot: { sections: { .linux: [${sha('f')}] } } }`), ['boot-not-listed']);
  assert.deepEqual(ask(`{ boot: { sections: { .ucode: [${sha('f')}] } } }`), ['boot-not-listed']);
  const twice = also(ipl(11, '.linux', ascii('.linux\0')), ipl(11, '.linux', ascii('another')));
  assert.deepEqual(ask(asked, twice), ['boot-not-listed']);
  const retyped = also({ ...ipl(11, '.linux', ascii('.linux\0')), type: types.unused });
  assert.deepEqual(ask(asked, retyped), ['fact-unknown'], 'what follows is not read');
  const values = new Map([...host.firmware!.values].filter(([pcr]) => pcr !== 11));
  assert.deepEqual(ask(asked, { firmware: { ...host.firmware!, values } }), ['fact-unknown']);
});

test('command lines beside the kernel’s own must be listed, and none may hide behind a digest', () => {
  assert.deepEqual(ask('{ boot: { commandLines: [quiet splash] } }'), []);
  assert.deepEqual(ask('{ boot: { commandLines: [] } }'), ['boot-not-listed']);
  const hidden = also({ pcr: 12, type: types.ipl, data: ascii('x'), measured: ascii('init=/bin/sh') });
  assert.deepEqual(ask('{ boot: { commandLines: [quiet splash] } }', hidden), ['fact-unknown']);
  const values = new Map([...host.firmware!.values].filter(([pcr]) => pcr !== 12));
  assert.deepEqual(
    ask('{ boot: { commandLines: [quiet splash] } }', { firmware: { ...host.firmware!, values } }),
    ['fact-unknown'],
  );
});

function genuine(name: string): ProvedFirmware {
  const pcrs = new Map(expectedOf(name).pcrs.get('sha256'));
  const bytes = new Uint8Array(readFileSync(`${genuineDirectory}/${name}.bin`));
  const verdict = readFirmwareLog(bytes, quoteOf('sha256', pcrs));
  assert.ok(verdict.read);
  return verdict.log;
}

test('a real machine by shim and GRUB: Secure Boot is on, its dbx is the placeholder, its level old', () => {
  const firmware = genuine('event-moklisttrusted');
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', { firmware }), []);
  assert.deepEqual(ask(`{ secureBoot: { dbx: [${digestOf('')}] } }`, { firmware }), []);
  assert.deepEqual(ask('{ secureBoot: { dbxDate: 2023-05-09 } }', { firmware }), ['secure-boot-keys']);
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2021-03-02 } }', { firmware }), []);
  assert.deepEqual(ask('{ secureBoot: { sbatLevel: 2021-03-03 } }', { firmware }), ['secure-boot-keys']);
});

test('a real machine by systemd-boot: Secure Boot is off, and its images are those that tpm2-tools expects', () => {
  const firmware = genuine('event-arch-linux');
  assert.deepEqual(ask('{ secureBoot: { enabled: true } }', { firmware }), ['secure-boot-off']);
  const expected = (expectedOf('event-arch-linux').images.get('sha256') ?? []).join(', ');
  assert.deepEqual(ask(`{ boot: { images: [${expected}] } }`, { firmware }), []);
  assert.deepEqual(ask('{ boot: { drivers: [] } }', { firmware }), ['boot-not-listed']);
});

test('a host that measures very much costs a verifier with long lists less than a second', () => {
  const listed = Array.from({ length: 10_000 }, (_, index) => digestOf(`listed ${index}`)).join(', ');
  const entry = { kind: 'sha256', owner: null, sha256: digestOf('strange') } as const;
  const db = Array.from({ length: 150_000 }, () => entry);
  const facts = { ...host.firmware!.facts, secureBoot: { ...sampleDb, db } };
  const asked = `{ secureBoot: { enabled: true, db: [${listed}] } }`;
  const policy = load(policyText(asked));
  const start = performance.now();
  const changed = { ...host, firmware: { ...host.firmware!, facts } };
  assert.equal(checkAppraisalPolicy(policy, changed, new Map()).reasons.length, 1);
  assert.ok(performance.now() - start < 1000);
});
