import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalJson } from './canonical-json.ts';
import { Malformed } from './failures.ts';

test('RFC 8785 section 3.2.2: the sample with literals, numbers and escapes', () => {
  const sample = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  assert.equal(
    canonicalJson(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('RFC 8785 section 3.2.3: keys are sorted by UTF-16 code units, not by code points', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
  const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, key])));
  assert.equal(text, `{${sorted.map((key) => `${JSON.stringify(key)}:${JSON.stringify(key)}`).join(',')}}`);
});

test('what has no canonical form is refused', () => {
  assert.throws(() => canonicalJson({ a: '\ud800' }), Malformed);
  assert.throws(() => canonicalJson({ '\udc00': 1 }), Malformed);
  assert.throws(() => canonicalJson([Number.NaN]), Malformed);
});
