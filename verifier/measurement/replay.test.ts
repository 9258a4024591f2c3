import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { SoftwareTpm } from '../../test-vectors/generate/software-tpm.ts';
import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { parseTpm2bPublic } from '../tpm/public-area.ts';
import { type QuotedPcrs, verifyQuote } from '../tpm/quote.ts';
import { encodeExtensionEvent, setDigest } from './extension-event.ts';
import { replayLog, replayPrefixLength, type ReplayVerdict } from './replay.ts';
import { encodeLogRecord, type LogRecord, parseSystemdLog, type WrittenRecord } from './systemd-log.ts';

const tpm = new SoftwareTpm();
after(() => tpm.remove());

const banks = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
const some = toHex(digest('sha256', 'some'));
const extension = encodeExtensionEvent({
  type: 'extension',
  class: 'sysext',
  name: 'tools',
  version: '1',
  hashAlgorithm: 'sha256',
  rootHash: some,
  signer: some,
  rule: 'vendor: "tools"',
});
const texts = [
  encodeExtensionEvent({ type: 'policy', name: 'edge', version: '1', sha256: some }),
  extension,
  encodeExtensionEvent({ type: 'set', class: 'sysext', count: 1, sha256: setDigest([extension]) }),
];

function written(text: string, pcr = 13): WrittenRecord {
  return {
    register: { kind: 'pcr', index: pcr },
    digests: new Map(banks.map((bank) => [bank, digest(bank, text)])),
    text,
    bootId: '0123456789abcdef0123456789abcdef',
    timestamp: 1,
    eventType: null,
  };
}

function extend(pcr: number, text: string): void {
  tpm.extend(pcr, Object.fromEntries(banks.map((bank) => [bank, toHex(digest(bank, text))])));
}

// What a host's log holds: our events, and systemd's own of other registers between them.
const records: LogRecord[] = [
  written('enter-initrd', 11),
  ...texts.slice(0, 2).map((text) => written(text)),
  { ...written('verity:x'), register: { kind: 'nv', index: 13, name: 'verity' } },
  ...texts.slice(2).map((text) => written(text)),
  written('ready', 11),
];
for (const text of texts) extend(13, text);
extend(11, 'enter-initrd');
extend(11, 'ready');

const key = tpm.createAttestationKey({ key: 'ecc', hash: 'sha256', scheme: 'ecdsa' });

function quoteNow(bank: (typeof banks)[number] = 'sha256'): QuotedPcrs {
  const nonce = digest('sha256', 'a challenge');
  const verdict = verifyQuote({
    ...tpm.quote(key, `${bank}:11,13,14`, nonce),
    attestationKey: parseTpm2bPublic(key.public),
    qualifyingData: nonce,
    pcrs: new Map([[bank, tpm.readPcrs(bank, [11, 13, 14])]]),
    requiredPcrs: [13],
    bank,
  });
  assert.ok(verdict.verified);
  return verdict.quote;
}

const quote = quoteNow();

function codes(verdict: ReplayVerdict): string[] {
  return verdict.replayed ? [] : verdict.reasons.map(({ code }) => code);
}

function messages(verdict: ReplayVerdict): string {
  return verdict.replayed ? '' : verdict.reasons.map(({ message }) => message).join('\n');
}

function replayOf(log: readonly LogRecord[], pcr = 13): ReplayVerdict {
  return replayLog(quote, log, pcr);
}

test('what was measured into a TPM replays to what the TPM quotes, in every bank', () => {
  for (const bank of banks) {
    const verdict = replayLog(quoteNow(bank), records, 13);
    assert.ok(verdict.replayed, messages(verdict));
    assert.deepEqual(verdict.log, { pcr: 13, events: texts });
  }
});

test('a log that was written and read replays as well', () => {
  const bytes = Buffer.concat([...texts.map((text) => encodeLogRecord(written(text)))]);
  assert.deepEqual(codes(replayOf(parseSystemdLog(bytes, { maximumBytes: 1 << 20 }))), []);
});

test('each PCR has its own events, and one that nothing extended has none', () => {
  const boot = replayOf(records, 11);
  assert.deepEqual(boot.replayed && boot.log.events, ['enter-initrd', 'ready']);
  const nothing = replayOf(records, 14);
  assert.deepEqual(nothing.replayed && nothing.log.events, []);
});

test('the value is the one of the facts: sha256(zeros, sha256("hello:world"))', () => {
  const [record] = [written('hello:world', 16)];
  extend(16, 'hello:world');
  const value = tpm.readPcrs('sha256', [16]).get(16) ?? new Uint8Array();
  assert.match(toHex(value), /^4898f2a7/);
  assert.equal(replayPrefixLength([record], 16, 'sha256', value), 1);
});

test('a log with an event dropped, added or moved does not replay', () => {
  for (let place = 1; place <= 4; place++) {
    if (place === 3) continue;
    assert.deepEqual(codes(replayOf(records.toSpliced(place, 1))), ['log-replay-mismatch']);
    assert.deepEqual(codes(replayOf(records.toSpliced(place, 0, written('another')))), [
      'log-replay-mismatch',
    ]);
  }
  const [, first, second] = records;
  assert.ok(first && second);
  assert.deepEqual(codes(replayOf(records.toSpliced(1, 2, second, first))), ['log-replay-mismatch']);
  assert.deepEqual(codes(replayOf([])), ['log-replay-mismatch']);
});

test('a mismatch says how many events there are, what they replay to and what was quoted', () => {
  const message = messages(replayOf(records.slice(0, 3)));
  assert.match(message, /2 events of PCR 13/);
  assert.ok(message.includes(toHex(quote.pcrs.get(13) ?? new Uint8Array())));
});

test('a record that moves to another PCR or register is missing here', () => {
  const [, first] = records;
  assert.ok(first);
  assert.deepEqual(
    codes(replayOf(records.toSpliced(1, 1, { ...first, register: { kind: 'pcr', index: 14 } }))),
    ['log-replay-mismatch'],
  );
  assert.deepEqual(
    codes(replayOf(records.toSpliced(1, 1, { ...first, register: { kind: 'nv', index: 13, name: null } }))),
    ['log-replay-mismatch'],
  );
});

test('an edited text is refused by its record, though the digests replay', () => {
  const [, , second] = records;
  assert.ok(second);
  for (const text of [`${second.text ?? ''} `, '', null]) {
    const verdict = replayOf(records.toSpliced(2, 1, { ...second, text }));
    assert.deepEqual(codes(verdict), ['log-event-edited']);
    assert.match(messages(verdict), /record 3 of the log/);
  }
});

test('a digest edited with its text does not replay; without, both are said', () => {
  assert.deepEqual(codes(replayOf(records.toSpliced(2, 1, written('forged')))), ['log-replay-mismatch']);
  const swapped = { ...written(texts[1] ?? ''), digests: written('forged').digests };
  assert.deepEqual(codes(replayOf(records.toSpliced(2, 1, swapped))), [
    'log-replay-mismatch',
    'log-event-edited',
  ]);
});

test('a record without the digest of the bank cannot replay', () => {
  const [, first] = records;
  assert.ok(first);
  const others = new Map([...first.digests].filter(([bank]) => bank !== 'sha256'));
  const verdict = replayOf(records.toSpliced(1, 1, { ...first, digests: others }));
  assert.deepEqual(codes(verdict), ['log-replay-mismatch']);
  assert.match(messages(verdict), /Record 2 .* no sha256 digest/);
});

test('a PCR that was not quoted proves nothing', () => {
  assert.deepEqual(codes(replayOf([], 12)), ['log-replay-mismatch']);
});

test('the prefix that leads to a value is the shortest one', () => {
  const value = quote.pcrs.get(13) ?? new Uint8Array();
  assert.equal(replayPrefixLength(records, 13, 'sha256', value), 5);
  assert.equal(replayPrefixLength([...records, written('later')], 13, 'sha256', value), 5);
  assert.equal(replayPrefixLength(records, 13, 'sha256', new Uint8Array(32)), 0);
  assert.equal(replayPrefixLength(records.slice(0, 4), 13, 'sha256', value), null);
  assert.equal(replayPrefixLength(records, 13, 'sha384', value), null);
  const without = records.map((record) => ({ ...record, digests: new Map() }));
  assert.equal(replayPrefixLength(without, 13, 'sha256', value), null);
});
