import assert from 'node:assert/strict';
import { test } from 'node:test';

import { der, integer, oid } from '../../test-vectors/generate/der-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { parseDer } from './der.ts';
import { isWithin, parseName } from './distinguished-name.ts';

const [utf8, printable, teletex, universal, bmp, numeric] = [0x0c, 0x13, 0x14, 0x1c, 0x1e, 0x12];
const attribute = (tag: number, value: Uint8Array, type = '2.5.4.3') => der(0x30, oid(type), der(tag, value));
const nameOf = (...relative: readonly (readonly Uint8Array[])[]) =>
  parseName(parseDer(der(0x30, ...relative.map((set) => der(0x31, ...set))), 'name'), 'name');
const single = (tag: number, value: Uint8Array) => nameOf([attribute(tag, value)]);
const same = (one: ReturnType<typeof nameOf>, other: ReturnType<typeof nameOf>) =>
  isWithin(one, other) && isWithin(other, one);
const text = (value: string) => Buffer.from(value);

test('a name is the same in every type of string, in capitals and with other spaces', () => {
  const plain = single(utf8, text('an example'));
  const wide = Buffer.from('An Example', 'utf16le').swap16();
  assert.ok(same(plain, single(printable, text('AN EXAMPLE'))));
  assert.ok(same(plain, single(utf8, text(' \tan \n example '))));
  assert.ok(same(plain, single(bmp, wide)));
  const points = Buffer.concat(Array.from(text('an example'), (octet) => Buffer.of(0, 0, 0, octet)));
  assert.ok(same(plain, single(universal, points)));
  assert.ok(same(single(utf8, text('é')), single(teletex, Buffer.of(0xe9))));
});

test('other text, another type of attribute, and what is no such string are other names', () => {
  const plain = single(utf8, text('12'));
  assert.ok(!same(plain, single(utf8, text('1 2'))));
  assert.ok(!same(plain, nameOf([attribute(utf8, text('12'), '2.5.4.10')])));
  assert.ok(!same(plain, single(numeric, text('12'))));
  assert.ok(!same(plain, single(utf8, Buffer.of(0xc3, 0x89))));
  // OpenSSL folds ASCII only, and so does this.
  assert.ok(!same(single(utf8, text('é')), single(utf8, text('É'))));
});

test('a name is within another that it begins with', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((one) => attribute(utf8, text(one)));
  assert.ok(a && b && c);
  assert.ok(isWithin(nameOf([a], [b]), nameOf()));
  assert.ok(isWithin(nameOf([a], [b]), nameOf([a])));
  assert.ok(!isWithin(nameOf([a], [b]), nameOf([b])));
  assert.ok(!isWithin(nameOf([a]), nameOf([a], [b])));
  assert.ok(isWithin(nameOf([b, a], [c]), nameOf([a, b])));
  assert.ok(!isWithin(nameOf([a, b], [c]), nameOf([a])));
  assert.ok(!isWithin(nameOf([a]), nameOf([a, a])));
});

test('what is no name is malformed', () => {
  for (const bytes of [integer(1), der(0x30, der(0x31)), der(0x30, der(0x31, der(0x30, oid('2.5.4.3'))))]) {
    assert.throws(() => parseName(parseDer(bytes, 'name'), 'name'), Malformed);
  }
});

test('a name with very much white space is compared in a moment', () => {
  const spaces = ' '.repeat(60_000);
  const start = process.hrtime.bigint();
  assert.ok(same(single(utf8, text(`x${spaces}x`)), single(utf8, text('x x'))));
  assert.ok(same(single(utf8, text(`x${spaces}`)), single(utf8, text(`${spaces}X`))));
  // Quadratic time would be some ten seconds.
  assert.ok(process.hrtime.bigint() - start < 2_000_000_000n);
});
