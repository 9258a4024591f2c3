import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseOrigin } from './merge-origin.ts';

const hash = 'ab'.repeat(32);
const parse = (text: string) => parseOrigin(Buffer.from(text));
const withExtensions = (extensions: string): string => `{"mutable":{"mode":"no"},"extensions":${extensions}}`;

test('what systemd 262 wrote is read', () => {
  const { mutable, extensions } = parse(`{
\t"mutable" : {
\t\t"mode" : "no"
\t},
\t"extensions" : {
\t\t"good" : {
\t\t\t"path" : "/var/lib/extensions/good.raw",
\t\t\t"verityHash" : "${hash}"
\t\t}
\t}
}
`);
  assert.equal(mutable, 'no');
  assert.deepEqual(
    [...extensions.values()],
    [{ name: 'good', path: '/var/lib/extensions/good.raw', rootHash: hash }],
  );
});

test('an extension without a hash tree has no root hash', () => {
  const said =
    '"onMountId":2147483677,"fileHandle":{"type":1,"handle":"191e000082a6b5c7"},"crtime":1795435426454112,"mtime":0';
  const text = withExtensions(`{"plain":{"path":"/var/lib/extensions/plain",${said}}}`);
  assert.deepEqual(
    [...parse(text).extensions.values()],
    [{ name: 'plain', path: '/var/lib/extensions/plain', rootHash: null }],
  );
});

test('an origin that two parsers could read differently, or with words that are not systemd’s, is refused', () => {
  const refused = [
    withExtensions(`{"a":{"verityHash":"${hash}"},"a":{"verityHash":"${'cd'.repeat(32)}"}}`),
    withExtensions(`{"a":{"verityHash":"${hash.toUpperCase()}"}}`),
    withExtensions('{"a":{"verityHash":7}}'),
    withExtensions('{"a":{"verityHash":""}}'),
    '{"mutable":{"mode":"perhaps"},"extensions":{}}',
    '{"extensions":{}}',
    '',
    withExtensions(`{"a":{"path":"${'x'.repeat(2 * 1024 * 1024)}"}}`),
  ];
  for (const text of refused) assert.throws(() => parse(text), { code: 'malformed' }, text.slice(0, 100));
});

test('an origin of more extensions than systemd could have merged is refused', () => {
  const many = (count: number): string =>
    withExtensions(`{${Array.from({ length: count }, (_, index) => `"e${index}":{}`).join()}}`);
  assert.equal(parse(many(10_000)).extensions.size, 10_000);
  assert.throws(() => parse(many(10_001)), /more than 10000 extensions/);
});
