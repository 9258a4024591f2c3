import assert from 'node:assert/strict';
import { test } from 'node:test';

import { der, integer, oid } from '../../test-vectors/generate/der-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { parseDer } from './der.ts';
import { parseNameConstraints } from './name-constraints.ts';

const host = der(0x82, Buffer.from('example.org'));
const subtree = (...fields: readonly Uint8Array[]) => der(0x30, ...fields);
const parse = (...fields: readonly Uint8Array[]) =>
  parseNameConstraints(parseDer(der(0x30, ...fields), 'constraints'), 'constraints');

test('subtrees are read as written', () => {
  const network = der(0x87, Uint8Array.of(192, 0, 2, 0, 255, 255, 255, 0));
  const { permitted, excluded } = parse(
    der(0xa0, subtree(host), subtree(network)),
    der(0xa1, subtree(der(0xa4, der(0x30)))),
  );
  assert.deepEqual(permitted, [
    { form: 'dns', text: 'example.org' },
    { form: 'ip', octets: Uint8Array.of(192, 0, 2, 0, 255, 255, 255, 0) },
  ]);
  assert.deepEqual(excluded, [{ form: 'directory', name: [] }]);
});

const broken: readonly (readonly [what: string, ...fields: readonly Uint8Array[]])[] = [
  ['nothing'],
  ['no subtrees', der(0xa0)],
  ['no subtrees beside some', der(0xa0, subtree(host)), der(0xa1)],
  ['both lists in the other order', der(0xa1, subtree(host)), der(0xa0, subtree(host))],
  ['a third list', der(0xa0, subtree(host)), der(0xa2, subtree(host))],
  ['a subtree of nothing', der(0xa0, subtree())],
  ['a subtree that is no sequence', der(0xa0, host)],
  ['a minimum', der(0xa0, subtree(host, der(0x80, Uint8Array.of(1))))],
  ['a maximum', der(0xa0, subtree(host, der(0x81, Uint8Array.of(1))))],
  ['a base that is no name', der(0xa0, subtree(oid('1.2.3')))],
  ['a base of a form that does not exist', der(0xa0, subtree(der(0x89)))],
  ['another name without a type', der(0xa0, subtree(der(0xa0, integer(1))))],
  ['an address without a mask', der(0xa0, subtree(der(0x87, Uint8Array.of(192, 0, 2, 0))))],
];
for (const [what, ...fields] of broken) {
  test(`constraints with ${what} are malformed`, () => {
    assert.throws(() => parse(...fields), Malformed);
  });
}
