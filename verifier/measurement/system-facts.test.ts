import assert from 'node:assert/strict';
import { test } from 'node:test';

import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { bootPcrs, writeLog } from '../../test-vectors/generate/log-writer.ts';
import { digest } from '../bytes/digest.ts';
import { readFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import { extendPcr, initialPcr } from '../tpm/pcr.ts';
import { continuationOf } from './continuation.ts';
import { readSystemFacts } from './system-facts.ts';
import type { LogRecord } from './systemd-log.ts';

const id = '0123456789abcdef0123456789abcdef';

function recordOf(
  text: string | null,
  pcr: number,
  measured = digest('sha256', text ?? 'secret'),
): LogRecord {
  return {
    register: { kind: 'pcr', index: pcr },
    digests: new Map([['sha256', measured]]),
    ...{ text, bootId: null, timestamp: null, eventType: null },
  };
}

const records: readonly LogRecord[] = [
  recordOf('enter-initrd', 11),
  recordOf(`machine-id:${id}`, 15),
  // A volume key: what is hashed is not the text.
  recordOf('cryptsetup:root:uuid', 15, digest('sha256', 'keyed')),
  recordOf('file-system:/:ext4:::::', 15),
  { ...recordOf(`verity:root:${id}${id}:`, 0), register: { kind: 'nv', index: 0x1d10202, name: 'verity' } },
  recordOf('leave-initrd', 11),
];
const values = new Map(bootPcrs(sampleBoot, 'sha256'));
for (const { register, digests } of records) {
  if (register.kind !== 'pcr') continue;
  const before = values.get(register.index) ?? initialPcr('sha256');
  values.set(register.index, extendPcr('sha256', before, digests.get('sha256') ?? new Uint8Array()));
}
const quote = quoteOf('sha256', values);
const verdict = readFirmwareLog(writeLog(sampleBoot), quote, continuationOf(records, 'sha256', 13));
assert.ok(verdict.read);
const { log } = verdict;

test('words are told that the quote bears out, and no others', () => {
  const told = readSystemFacts(quote, records, log).map(({ pcr, word }) => [
    pcr,
    word.kind === 'phase' ? word.phase : word.kind,
  ]);
  assert.deepEqual(told, [
    [11, 'enter-initrd'],
    [11, 'leave-initrd'],
    [15, 'machine-id'],
    [15, 'file-system'],
  ]);
});

test('a PCR whose records do not replay tells nothing, another all the same', () => {
  const pcrsOf = (log_: typeof log | null, some = records): number[] =>
    readSystemFacts(quote, some, log_).map(({ pcr }) => pcr);
  assert.deepEqual(pcrsOf(null), [15, 15], 'the stub measured into PCR 11');
  assert.deepEqual(pcrsOf(log, [...records, recordOf('final', 11)]), [15, 15]);
  assert.deepEqual(pcrsOf(log, records.slice(0, 1)), []);
});

test('a word that is not what was measured is none, though its PCR replays', () => {
  const edited = records.map((record) =>
    record.text === `machine-id:${id}`
      ? { ...record, text: `machine-id:${id.replaceAll('0', 'f')}` }
      : record,
  );
  const kinds = readSystemFacts(quote, edited, log).map(({ word }) => word.kind);
  assert.deepEqual(kinds, ['phase', 'phase', 'file-system']);
});
