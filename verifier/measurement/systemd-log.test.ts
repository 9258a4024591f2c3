import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { toHex } from '../bytes/hex.ts';
import { encodeLogRecord, type LogRecord, parseSystemdLog, type WrittenRecord } from './systemd-log.ts';

const bootId = '0123456789abcdef0123456789abcdef';
const sha1 = toHex(digest('sha1', 'hello:world'));
const sha256 = toHex(digest('sha256', 'hello:world'));

/** As systemd 262.1 wrote it for `systemd-pcrextend --pcr=16 hello:world`, but for the boot id. */
const sample =
  `\x1e{"pcr":16,"digests":[{"hashAlg":"sha1","digest":"${sha1}"},{"hashAlg":"sha256","digest":"${sha256}"}],` +
  `"content_type":"systemd","content":{"string":"hello:world","bootId":"${bootId}","timestamp":4945151735,"eventType":"phase"}}\n`;

const digests = `[{"hashAlg":"sha256","digest":"${sha256}"}]`;
const content = `{"string":"hello:world","bootId":"${bootId}","timestamp":1}`;

function parse(log: string | Uint8Array): LogRecord[] {
  return parseSystemdLog(Buffer.from(log), { maximumBytes: 1024 * 1024 });
}

function record(members: string): string {
  return `\x1e{${members}}\n`;
}

function one(members: string): LogRecord {
  const [only, ...more] = parse(record(members));
  assert.ok(only !== undefined && more.length === 0);
  return only;
}

function refused(log: string | Uint8Array, field = 'log record 1'): void {
  assert.throws(
    () => parse(log),
    (error) => error instanceof Malformed && error.field.startsWith(field),
    log.toString(),
  );
}

test('a record of systemd 262 is read', () => {
  assert.match(sha256, /^dc80bdcd/);
  assert.deepEqual(parse(sample), [
    {
      register: { kind: 'pcr', index: 16 },
      digests: new Map([
        ['sha1', digest('sha1', 'hello:world')],
        ['sha256', digest('sha256', 'hello:world')],
      ]),
      text: 'hello:world',
      bootId,
      timestamp: 4945151735,
      eventType: 'phase',
    },
  ]);
});

test('a record is written byte for byte as systemd writes it', () => {
  const written: WrittenRecord = {
    register: { kind: 'pcr', index: 16 },
    digests: new Map([
      ['sha1', digest('sha1', 'hello:world')],
      ['sha256', digest('sha256', 'hello:world')],
    ]),
    text: 'hello:world',
    bootId,
    timestamp: 4945151735,
    eventType: 'phase',
  };
  assert.equal(Buffer.from(encodeLogRecord(written)).toString(), sample);
  const untyped = Buffer.from(encodeLogRecord({ ...written, eventType: null })).toString();
  assert.equal(untyped, sample.replace(',"eventType":"phase"', ''));
});

test('every record that is written is read back', () => {
  const records = fc.record(
    {
      register: fc.nat(23).map((index) => ({ kind: 'pcr', index }) as const),
      digests: fc.constant(new Map([['sha256', digest('sha256', 'x')]] as const)),
      text: fc.string({ unit: 'binary', maxLength: 200 }),
      bootId: fc.constant(bootId),
      timestamp: fc.maxSafeNat(),
      eventType: fc.option(fc.constantFrom('phase', 'dm-verity')),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(records, { maxLength: 5 }), (written) => {
      assert.deepEqual(parse(Buffer.concat(written.map(encodeLogRecord))), written);
    }),
  );
});

test('text is cut after 1,024 bytes, then escaped, and so is not the measured text any more', () => {
  const write = (text: string): string | null | undefined => {
    const [written] = parse(sample);
    const register = { kind: 'pcr', index: 16 } as const;
    assert.ok(written?.bootId && written.timestamp !== null);
    const { timestamp, ...rest } = written;
    return parse(encodeLogRecord({ ...rest, register, bootId, timestamp, text }))[0]?.text;
  };
  assert.equal(write('x'.repeat(1024)), 'x'.repeat(1024));
  assert.equal(write('x'.repeat(1025)), `${'x'.repeat(1024)}...`);
  assert.equal(write('"'.repeat(1025)), `${'"'.repeat(1024)}...`);
  assert.equal(write(`${'x'.repeat(1023)}é`), null, 'cut inside a character');
});

test('an empty log has no records', () => {
  assert.deepEqual(parse(''), []);
});

test('a record of an NV index is none of a PCR', () => {
  const nv = one(
    `"nv_index":30474242,"digests":${digests},"content_type":"systemd","content":{"nvIndexName":"verity"}`,
  );
  assert.deepEqual(nv.register, { kind: 'nv', index: 30474242, name: 'verity' });
});

test('a record is of exactly one register', () => {
  const rest = `"digests":${digests},"content_type":"systemd","content":${content}`;
  refused(record(`"pcr":13,"nv_index":1,${rest}`));
  refused(record(rest));
  for (const pcr of ['24', '-1', '1.5', '"13"', 'null', '1e3']) refused(record(`"pcr":${pcr},${rest}`));
  for (const index of ['-1', '4294967296', 'null']) refused(record(`"nv_index":${index},${rest}`));
});

test('a key that comes twice is refused, for two readers would take two values', () => {
  refused(record(`"pcr":13,"pcr":16,"digests":${digests},"content_type":"systemd","content":${content}`));
  const twice = content.replace('{', '{"string":"other",');
  refused(record(`"pcr":13,"digests":${digests},"content_type":"systemd","content":${twice}`));
});

test('digests are of known algorithms once each, lowercase and of their size; others are passed over', () => {
  const withDigests = (list: string): string =>
    `"pcr":13,"digests":[${list}],"content_type":"systemd","content":${content}`;
  const known = `{"hashAlg":"sha256","digest":"${sha256}"}`;
  const unknown = '{"hashAlg":"sm3_256","digest":"zz"}';
  assert.deepEqual([...one(withDigests(`${unknown},${known}`)).digests.keys()], ['sha256']);
  assert.equal(one(withDigests(unknown)).digests.size, 0);
  refused(record(withDigests('')));
  refused(record(withDigests(`${known},${known}`)));
  refused(record(withDigests(`${unknown},${unknown}`)));
  refused(
    record(
      withDigests(Array.from({ length: 17 }, (_, place) => `{"hashAlg":"x${place}","digest":""}`).join()),
    ),
  );
  refused(record(withDigests(known.replace(sha256, sha256.toUpperCase()))));
  refused(record(withDigests(known.replace(sha256, sha1))));
  refused(record(withDigests(known.replace(sha256, ''))));
});

test('text is unescaped; what is not the escape of UTF-8 is no text', () => {
  const textOf = (json: string): string | null =>
    one(`"pcr":13,"digests":${digests},"content_type":"systemd","content":{"string":${json}}`).text;
  assert.equal(textOf('"a\\\\nb"'), 'a\nb');
  assert.equal(textOf('"\\\\303\\\\251"'), 'é');
  assert.equal(textOf('"\\\\357\\\\273\\\\277x"'), '\ufeffx');
  assert.equal(textOf('"\\\\303"'), null);
  assert.equal(textOf('"cryptsetup:a\\\\x3ab"'), null, 'systemd-cryptsetup does not escape what it logs');
  assert.equal(textOf('"é"'), null);
});

test('content of another type is not read', () => {
  const foreign = one(`"pcr":13,"digests":${digests},"content_type":"pcclient_std","content":{"string":7}`);
  assert.deepEqual(
    [foreign.text, foreign.bootId, foreign.timestamp, foreign.eventType],
    [null, null, null, null],
  );
});

test('members that later versions may add are passed over', () => {
  const later = one(
    `"recnum":3,"pcr":13,"digests":${digests},"content_type":"systemd","content":{"string":"x","new":{}}`,
  );
  assert.equal(later.text, 'x');
});

test('members that are known have their form', () => {
  const withContent = (text: string): string =>
    record(`"pcr":13,"digests":${digests},"content_type":"systemd","content":${text}`);
  for (const text of [
    '{"string":1}',
    '{"bootId":"x"}',
    '{"timestamp":-1}',
    '{"timestamp":"1"}',
    '{"eventType":1}',
    '[]',
    '1',
  ]) {
    refused(withContent(text));
  }
  refused(record(`"pcr":13,"digests":${digests},"content":${content}`));
});

test('framing is strict: a separator, one JSON text, a line feed', () => {
  const framed = [
    `x${sample.slice(1)}`,
    '{}',
    sample.slice(1),
    sample.slice(0, -1),
    `${sample.slice(0, -1)}\r`,
    `\x1e${sample}`,
    '\x1e\n',
    '\x1e',
    '\n',
  ];
  for (const log of framed) refused(log);
  refused(sample + sample.slice(1), 'log record 2');
  refused(`${sample}\n`, 'log record 2');
  refused(sample + sample.slice(0, 100), 'log record 2');
  refused(sample.replace('{"pcr"', '{}{"pcr"'));
  refused(Buffer.from(sample.replace('hello', '\xff'), 'latin1'));
});

test('log and records have a size limit', () => {
  assert.throws(() => parseSystemdLog(Buffer.from(sample), { maximumBytes: sample.length - 1 }), Malformed);
  assert.equal(parseSystemdLog(Buffer.from(sample), { maximumBytes: sample.length }).length, 1);
  const padded = (length: number): string =>
    sample.replace('{"pcr"', `{${' '.repeat(length - sample.length + 2)}"pcr"`);
  assert.equal(parse(padded(64 * 1024)).length, 1);
  refused(padded(64 * 1024 + 1));
});

test('no bytes make the parser fail in another way than Malformed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(sample.length),
      fc.nat(20),
      (bytes, start, length) => {
        const edited = Buffer.concat([
          Buffer.from(sample.slice(0, start)),
          bytes,
          Buffer.from(sample.slice(start + length)),
        ]);
        try {
          parse(edited);
        } catch (error) {
          assert.ok(error instanceof Malformed, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
