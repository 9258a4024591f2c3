import assert from 'node:assert/strict';
import { test } from 'node:test';

import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import { ascii, ipl, sampleBoot, types } from '../../test-vectors/generate/log-sample.ts';
import { type BootEvent, bootPcrs, hash, writeLog } from '../../test-vectors/generate/log-writer.ts';
import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { readFirmwareLog, type AuthenticatedFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import { extendPcr, initialPcr } from '../tpm/pcr.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { afterFirmware, checkBootPart } from './boot-part.ts';
import { continuationOf } from './continuation.ts';
import { replayLog } from './replay.ts';
import type { LogRecord } from './systemd-log.ts';

const archive = toHex(digest('sha256', 'an archive of extensions'));
const violation = 'touchstone-violation:sysext:unapproved:x:';

function recordOf(text: string, pcr: number, measured = digest('sha256', text)): LogRecord {
  return {
    register: { kind: 'pcr', index: pcr },
    digests: new Map([['sha256', measured]]),
    ...{ text, bootId: null, timestamp: null, eventType: null },
  };
}

/** A host that booted by these events, and measured these records since. */
function host(
  boot: readonly BootEvent[],
  records: readonly LogRecord[],
): { readonly quote: QuotedPcrs; readonly log: Uint8Array; readonly records: readonly LogRecord[] } {
  const values = new Map(bootPcrs(boot, 'sha256'));
  for (const { register, digests } of records) {
    const measured = digests.get('sha256');
    if (register.kind !== 'pcr' || measured === undefined) continue;
    const before = values.get(register.index) ?? initialPcr('sha256');
    values.set(register.index, extendPcr('sha256', before, measured));
  }
  return { quote: quoteOf('sha256', values), log: writeLog(boot), records };
}

function read({ quote, log, records }: ReturnType<typeof host>): AuthenticatedFirmwareLog {
  const verdict = readFirmwareLog(log, quote, continuationOf(records, 'sha256', 13));
  assert.ok(verdict.read, JSON.stringify(verdict));
  return verdict.log;
}

function codes(log: AuthenticatedFirmwareLog, known: readonly string[] = []): string[] {
  return checkBootPart(log, 13, new Set(known)).map(({ code }) => code);
}

const plainBoot = sampleBoot.filter(({ pcr }) => pcr !== 13);
const late = (event: BootEvent): BootEvent[] => [...plainBoot.slice(0, -2), event, ...plainBoot.slice(-2)];

test('the replay begins where systemd-stub left the PCR', () => {
  const machine = host(sampleBoot, [recordOf(violation, 13)]);
  const log = read(machine);
  const verdict = replayLog(machine.quote, machine.records, 13, afterFirmware(log, 13, 'sha256'));
  assert.deepEqual(verdict.replayed && verdict.log.events, [violation]);
  assert.equal(replayLog(machine.quote, machine.records, 13).replayed, false);
});

test('where the firmware left the PCR alone, everything is as without its log', () => {
  const machine = host(plainBoot, [recordOf(violation, 13)]);
  const log = read(machine);
  assert.deepEqual(codes(log), []);
  assert.deepEqual(afterFirmware(log, 13, 'sha256'), afterFirmware(null, 13, 'sha256'));
});

test('an archive of extensions beside the kernel counts once its digest is known', () => {
  const log = read(host(sampleBoot, []));
  assert.deepEqual(codes(log), ['boot-event-unknown']);
  assert.deepEqual(codes(log, [archive]), []);
});

test('a violation that root moves into a forged firmware log is not hidden by it', () => {
  const machine = host(plainBoot, [recordOf(violation, 13)]);
  const forged = writeLog(late(ipl(13, 'System extension initrd', ascii(violation))));
  const verdict = readFirmwareLog(forged, machine.quote, continuationOf([], 'sha256', 13));
  assert.ok(verdict.read, 'nothing in the log itself gives it away');
  assert.ok(
    replayLog(machine.quote, [], 13, afterFirmware(verdict.log, 13, 'sha256')).replayed,
    'and it replays',
  );
  assert.deepEqual(codes(verdict.log, [archive]), ['boot-event-unknown']);
});

test('an event of user space that is told as a line of a boot loader is refused by its text', () => {
  for (const text of [violation, 'os-separator']) {
    const data = ascii(`grub_cmd: ${text}\0`);
    const log = read(host(late({ pcr: 13, type: types.ipl, data, measured: ascii(text) }), []));
    assert.deepEqual(codes(log, [toHex(hash('sha256', ascii(text)))]), ['log-event-retyped']);
  }
});

test('the end of the boot phase among the firmware’s events is refused, known or not', () => {
  const log = read(host(late(ipl(13, 'System extension initrd', ascii('os-separator'))), []));
  assert.deepEqual(codes(log, [toHex(digest('sha256', 'os-separator'))]), ['log-event-retyped']);
});

test('a PCR in which user space measured what is not understood proves nothing of the firmware', () => {
  const section = plainBoot.findLast(({ pcr }) => pcr === 12);
  assert.ok(section !== undefined);
  const machine = host(plainBoot, [recordOf('a word of somebody', 12)]);
  const log = read(machine);
  assert.ok(log.unexplained.includes(12));
  assert.equal(log.values.has(12), false);
  assert.deepEqual(
    log.facts.commands.filter(({ pcr }) => pcr === 12),
    [],
  );
});

test('phases and separators are what user space measures, where systemd does', () => {
  const words = [recordOf('enter-initrd', 11), recordOf('os-separator', 7), recordOf('os-separator', 12)];
  assert.deepEqual(read(host(plainBoot, words)).unexplained, []);
  const [word] = words;
  assert.ok(word !== undefined);
  assert.equal(
    continuationOf([{ ...word, register: { kind: 'pcr', index: 12 } }], 'sha256', 13).get(12),
    null,
  );
});

test('a text that is not what was measured is not understood', () => {
  const forged = recordOf('enter-initrd', 11, digest('sha256', 'something else'));
  assert.equal(continuationOf([forged, recordOf('ready', 11)], 'sha256', 13).get(11), null);
});

test('a start of another PCR or bank is no start', () => {
  const machine = host(plainBoot, [recordOf(violation, 13)]);
  const verdict = replayLog(machine.quote, machine.records, 13, afterFirmware(null, 12, 'sha256'));
  assert.deepEqual(verdict.replayed ? [] : verdict.reasons.map(({ code }) => code), ['log-replay-mismatch']);
});
