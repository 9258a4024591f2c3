import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digest, type DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { encodeLogRecord } from '../../../verifier/measurement/systemd-log.ts';
import { extendPcr, initialPcr } from '../../../verifier/tpm/pcr.ts';
import type { MeasuredLine } from './append-log.ts';
import { type Observation, recordedSince } from './observed-register.ts';

const banks: readonly DigestName[] = ['sha1', 'sha256'];

function measured(line: string, only: readonly DigestName[] = banks): MeasuredLine {
  return { line, digests: new Map(only.map((bank) => [bank, digest(bank, line)])) };
}

interface Happening extends MeasuredLine {
  readonly pcr?: number;
  readonly text?: string;
  readonly extended?: boolean;
  readonly logged?: boolean;
}

const empty: Observation = {
  log: new Uint8Array(0),
  incomplete: false,
  values: new Map(banks.map((bank) => [bank, initialPcr(bank)])),
};

/** What is seen after things happened to PCR 13 (or another) and its log. */
function seen(before: Observation, ...happenings: readonly Happening[]): Observation {
  const log: Uint8Array[] = [before.log];
  const values = new Map(before.values);
  for (const { line, digests, pcr = 13, text = line, extended = true, logged = true } of happenings) {
    const register = { kind: 'pcr', index: pcr } as const;
    const rest = { bootId: '0'.repeat(32), timestamp: 1, eventType: null };
    if (logged) log.push(encodeLogRecord({ register, digests, text, ...rest }));
    if (!extended || pcr !== 13) continue;
    for (const [bank, value] of digests) values.set(bank, extendPcr(bank, values.get(bank)!, value));
  }
  return { log: Buffer.concat(log), incomplete: false, values };
}

const before = seen(empty, measured('earlier'));
const lines = [measured('one'), measured('two')];

function count(after: Observation, expected: readonly MeasuredLine[] = lines): number {
  return recordedSince(before, after, { pcr: 13 }, expected);
}

function assertRefused(after: Observation, message: RegExp): void {
  assert.throws(
    () => count(after),
    (error) => error instanceof CouldNotDecide && message.test(error.message),
  );
}

test('lines count from the first on, and other records stand between', () => {
  const other = measured('other');
  assert.equal(count(before), 0);
  assert.equal(count(seen(before, other)), 0);
  assert.equal(count(seen(before, other, measured('one'), other)), 1);
  assert.equal(count(seen(before, measured('one'), other, measured('two'), other)), 2);
  assert.equal(count(seen(before, { ...measured('one'), pcr: 12 }, { ...measured('two'), pcr: 12 })), 0);
});

test('what was there before does not count', () => {
  assert.equal(count(seen(before, measured('one')), [measured('earlier')]), 0);
});

test('the old value of the PCR need not be in the log', () => {
  const unexplained: Observation = { ...before, log: new Uint8Array(0) };
  assert.equal(recordedSince(unexplained, seen(unexplained, ...lines), { pcr: 13 }, lines), 2);
});

test('another writer of the same lines does no harm', () => {
  assert.equal(count(seen(before, ...lines, ...lines)), 2);
  assert.equal(count(seen(before, measured('one'), measured('one'), measured('two'))), 2);
});

test('lines that were measured in part must be the first ones', () => {
  assertRefused(seen(before, measured('two')), /otherwise than it was asked to/);
  assertRefused(seen(before, measured('two'), measured('one')), /otherwise than it was asked to/);
  assertRefused(seen(before, measured('one'), measured('one')), /otherwise than it was asked to/);
});

test('a line in some banks only is neither measured nor to be measured again', () => {
  assertRefused(seen(before, measured('one', ['sha256'])), /otherwise than it was asked to/);
});

test('a line under another text, or another line under its text, is not the line', () => {
  assertRefused(
    seen(before, { ...measured('one'), text: 'something else' }),
    /otherwise than it was asked to/,
  );
  assertRefused(
    seen(before, { ...measured('something else'), text: 'one' }),
    /otherwise than it was asked to/,
  );
});

test('an extend without a record, or a record without an extend, is told of', () => {
  assertRefused(seen(before, { ...measured('one'), logged: false }), /do not agree/);
  assertRefused(seen(before, { ...measured('other'), logged: false }), /do not agree/);
  assertRefused(seen(before, { ...measured('other'), extended: false }), /do not agree/);
});

test('a log that lost what it had is told of', () => {
  const after = seen(before, ...lines);
  assertRefused({ ...after, log: new Uint8Array(0) }, /do not agree/);
  assertRefused({ ...after, log: after.log.subarray(before.log.length) }, /do not agree/);
  assertRefused({ ...after, log: after.log.subarray(0, -1) }, /is damaged/);
});
