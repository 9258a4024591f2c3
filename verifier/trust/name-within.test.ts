import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { GeneralName } from './general-name.ts';
import { nameWithin } from './name-within.ts';

const text = (form: 'dns' | 'email' | 'uri') => (value: string) => ({ form, text: value }) as const;
const [dns, email, uri] = [text('dns'), text('email'), text('uri')];
const ip = (...octets: readonly number[]) => ({ form: 'ip', octets: Uint8Array.from(octets) }) as const;

const rows: readonly (readonly [ReturnType<typeof nameWithin>, GeneralName, GeneralName])[] = [
  ['yes', dns('example.org'), dns('example.org')],
  ['yes', dns('A.Example.Org'), dns('eXample.oRg')],
  ['yes', dns('anything'), dns('')],
  ['no', dns('badexample.org'), dns('example.org')],
  ['no', dns('org'), dns('example.org')],
  ['yes', dns('a.example.org'), dns('.example.org')],
  ['no', dns('example.org'), dns('.example.org')],
  ['unclear', dns('a.example.org.'), dns('example.org')],
  ['unclear', dns('*.example.org'), dns('a.example.org')],
  ['unclear', dns('example.net\0.example.org'), dns('example.org')],
  ['unclear', dns(''), dns('example.org')],
  ['yes', dns(`${'a.'.repeat(121)}example.org`), dns('example.org')],
  ['unclear', dns(`${'a.'.repeat(122)}example.org`), dns('example.org')],
  ['yes', uri(`https://example.org/${'a'.repeat(2028)}`), uri('example.org')],
  ['unclear', uri(`https://example.org/${'a'.repeat(2029)}`), uri('example.org')],
  ['unclear', dns('example.org'), dns('.')],
  ['no', dns('example.org'), email('example.org')],
  ['yes', email('a@example.org'), email('example.org')],
  ['yes', email('a@EXAMPLE.org'), email('a@example.ORG')],
  ['no', email('A@example.org'), email('a@example.org')],
  ['no', email('b@example.org'), email('a@example.org')],
  ['no', email('a@b.example.org'), email('example.org')],
  ['yes', email('a@b.example.org'), email('.example.org')],
  ['no', email('a@example.org'), email('.example.org')],
  ['unclear', email('a@example.org.'), email('example.org')],
  ['unclear', email('"a@example.net"@example.org'), email('example.net')],
  ['unclear', email('a@b@example.org'), email('example.org')],
  ['unclear', email('@example.org'), email('example.org')],
  ['unclear', email('example.org'), email('example.org')],
  ['unclear', email(''), email('example.org')],
  ['unclear', email('a@example.org'), email('')],
  ['unclear', email('a@b.example.org'), email('a@.example.org')],
  ['yes', uri('https://example.org'), uri('example.org')],
  ['yes', uri('HTTPS://Example.org:8443/a'), uri('example.org')],
  ['yes', uri('https://example.org?q'), uri('example.org')],
  ['no', uri('https://a.example.org'), uri('example.org')],
  ['yes', uri('https://a.example.org/'), uri('.example.org')],
  ['no', uri('https://example.net#.example.org'), uri('.example.org')],
  ['unclear', uri('https://example.org@example.net/'), uri('example.org')],
  ['unclear', uri('https://example.org\\.example.net/'), uri('.example.net')],
  ['unclear', uri('https://example.org./'), uri('example.org')],
  ['unclear', uri('https://192.0.2.1/'), uri('example.org')],
  ['unclear', uri('https://[2001:db8::1]/'), uri('example.org')],
  ['unclear', uri('urn:example.org'), uri('example.org')],
  ['unclear', uri('https://example.org/'), uri('')],
  ['yes', ip(192, 0, 2, 9), ip(192, 0, 2, 0, 255, 255, 255, 0)],
  ['no', ip(192, 0, 3, 9), ip(192, 0, 2, 0, 255, 255, 255, 0)],
  ['no', ip(...Array<number>(16).fill(0)), ip(192, 0, 2, 0, 255, 255, 255, 0)],
  ['unclear', { form: 'other 0' }, { form: 'other 0' }],
  ['no', { form: 'other 0' }, { form: 'other 8' }],
];

for (const [expected, name, base] of rows) {
  const shown = (one: GeneralName) =>
    JSON.stringify('octets' in one ? [...one.octets] : one).replace(/(.)\1{99,}|(?:a\.){99,}/, '...');
  test(`whether ${shown(name)} is within ${shown(base)}: ${expected}`, () => {
    assert.equal(nameWithin(name, base), expected);
  });
}
