import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { der } from '../../test-vectors/generate/der-writer.ts';
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { Malformed } from '../bytes/failures.ts';
import { childrenOf, parseDer, parseOid, parseUnsigned, shapeOf } from './der.ts';

const pki = new OpensslPki();
after(() => pki.remove());

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const parse = (text: string) => parseDer(hex(text), 'input');
const refused = (text: string, problem: RegExp) =>
  assert.throws(
    () => parse(text),
    (error) => error instanceof Malformed && problem.test(error.message),
  );

test('a value gives its raw bytes, its content and what is inside', () => {
  const value = parse('30 08 02 01 05 a0 03 04 01 ff');
  assert.equal(shapeOf(value), '02 a0');
  assert.equal(value.raw.length, 10);
  assert.deepEqual([...(value.children[1]?.children[0]?.content ?? [])], [0xff]);
});

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ['bytes after the value', '05 00 00', /1 bytes after its end/],
  ['no bytes', '', /needs 1 bytes/],
  ['a value longer than the input', '04 02 00', /needs 2 bytes, 1 are left/],
  ['an inner value longer than the outer', '30 03 04 02 00', /needs 2 bytes, 1 are left/],
  ['an indefinite length', '30 80 00 00', /indefinite/],
  ['a long length that fits the short form', '04 81 01 00', /not minimal/],
  ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`, /not minimal/],
  ['a length of five octets', '04 85 00 00 00 00 01 00', /more than four/],
  ['a high tag number', '1f 01 00', /tag number above 30/],
  ['a boolean of 01', '01 01 01', /boolean/],
  ['a boolean of two octets', '01 02 ff ff', /boolean/],
  ['an empty integer', '02 00', /empty integer/],
  ['an integer with a leading zero', '02 02 00 7f', /integer that is not minimal/],
  ['an integer with a leading ff', '02 02 ff 80', /integer that is not minimal/],
  ['a null with content', '05 01 00', /null/],
  ['a bit string without an octet of unused bits', '03 00', /bit string/],
  ['a bit string with 8 unused bits', '03 02 08 00', /bit string/],
  ['a bit string with a set unused bit', '03 02 01 01', /bit string/],
  ['an empty bit string with unused bits', '03 01 01', /bit string/],
  ['an empty object identifier', '06 00', /object identifier/],
  ['an object identifier that does not end', '06 02 2a 86', /object identifier/],
  ['an object identifier with a leading 80', '06 03 2a 80 01', /object identifier/],
  ['an object identifier that begins with 80', '06 02 80 01', /object identifier/],
  ['a constructed octet string', '24 03 04 01 00', /primitive/],
  ['a primitive sequence', '10 00', /does not belong/],
  ['a primitive set', '11 00', /does not belong/],
  ['an integer of 1,025 octets', `02 82 04 01 ${'7f'.repeat(1025)}`, /integer of more than 1024/],
  ['an object identifier of 129 octets', `06 81 81 ${'7f'.repeat(129)}`, /identifier of more than 128/],
  ['a relative object identifier', '0d 01 01', /does not belong/],
  ['a real number', '09 01 40', /does not belong/],
  ['an end-of-contents', '00 00', /does not belong/],
];
for (const [what, input, problem] of refusals) test(`${what} is refused`, () => refused(input, problem));

for (const input of [
  '01 01 ff',
  '02 02 00 80',
  '02 01 80',
  '03 01 00',
  '03 02 01 02',
  '05 00',
  '30 00',
  '06 03 2a 86 48',
]) {
  test(`${input} is accepted`, () => assert.equal(parse(input).raw.length, hex(input).length));
}

test('nesting deeper than 32 levels is refused, 32 are not', () => {
  const nested = (levels: number) =>
    Array.from({ length: levels }).reduce<Uint8Array>((inner) => der(0x30, inner), der(0x30));
  assert.throws(() => parseDer(nested(33), 'input'), /deeper than 32/);
  parseDer(nested(32), 'input');
});

test('more than 10,000 values are refused', () => {
  const list = (count: number) =>
    der(
      0x30,
      new Uint8Array(count * 2).map((_, at) => (at % 2 ? 0 : 5)),
    );
  assert.throws(() => parseDer(list(10_000), 'input'), /more than 10000/);
  parseDer(list(9_999), 'input');
});

test('the offset of a refusal is counted from the start of the input', () => {
  assert.throws(() => parse('30 07 05 00 30 03 02 01 05 00'), Malformed);
  assert.throws(() => parse('30 07 05 00 30 03 01 01 05'), /at byte 6/);
});

test('object identifiers are those that openssl encodes alike, arcs beyond 64 bits included', () => {
  const inputs = [
    '2a864886f70d010702',
    '550403',
    '883703',
    '0001',
    '27',
    '78',
    '50',
    '2b8180808080808080800001',
  ];
  for (const input of inputs) {
    const encoded = der(0x06, hex(input));
    const dotted = parseOid(parseDer(encoded, 'input'), 'input');
    pki.run('asn1parse', '-genstr', `OID:${dotted}`, '-noout', '-out', pki.path('oid'));
    assert.deepEqual(new Uint8Array(readFileSync(pki.path('oid'))), encoded, dotted);
  }
});

test('an arc of 2^32 more is another object identifier', () => {
  const short = parseOid(parse('06 03 2a 03 04'), 'input');
  assert.notEqual(parseOid(parse('06 07 2a 03 90 80 80 80 04'), 'input'), short);
});

test('unsigned integers have one spelling, and none is negative', () => {
  assert.equal(parseUnsigned(parse('02 02 00 ff'), 'input'), 'ff');
  assert.equal(parseUnsigned(parse('02 01 00'), 'input'), '00');
  assert.throws(() => parseUnsigned(parse('02 01 80'), 'serial'), /serial: is negative/);
  assert.throws(() => parseUnsigned(parse('04 01 00'), 'serial'), /not an integer/);
});

test('a structure of another shape is refused by name', () => {
  for (const [input, tag] of [
    ['30 02 05 00', 0x30],
    ['30 03 02 01 00', 0xb0],
  ] as const) {
    assert.throws(() => childrenOf(parse(input), tag, /^02$/, 'sid'), /sid: has fields that do not belong/);
  }
});
