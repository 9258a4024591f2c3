import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import fc from 'fast-check';

import { compareVersions } from './version-order.ts';

test('the examples of UAPI.10 are in their order', () => {
  const ordered = [
    '122.1',
    '123~rc1-1',
    '123',
    '123-a',
    '123-a.1',
    '123-1',
    '123-1.1',
    '123^post1',
    '123.a-1',
    '123.1-1',
    '123a-1',
    '124-1',
  ];
  for (const [index, version] of ordered.entries()) {
    for (const later of ordered.slice(index + 1)) {
      assert.ok(compareVersions(version, later) < 0, `${version} < ${later}`);
      assert.ok(compareVersions(later, version) > 0, `${later} > ${version}`);
    }
    assert.equal(compareVersions(version, version), 0);
  }
});

test('the pairs of UAPI.10 compare as it says', () => {
  const pairs = [
    '11 == 11',
    'systemd-123 == systemd-123',
    'bar-123 < foo-123',
    '123a > 123',
    '123.a > 123',
    '123.a < 123.b',
    '123a > 123.a',
    '11α == 11β',
    'B < a',
    ' < 0',
    '0. > 0',
    '0.0 > 0',
    '0 > ~',
    ' > ~',
    '1_ == 1',
    '_1 == 1',
    '1_ < 1.2',
    '1_2_3 > 1.3.3',
    '1+ == 1',
    '+1 == 1',
    '1+ < 1.2',
    '1+2+3 > 1.3.3',
  ];
  for (const pair of pairs) {
    const [a = '', operator, b = ''] = pair.split(' ');
    assert.equal(compareVersions(a, b), { '<': -1, '==': 0, '>': 1 }[operator ?? ''], pair);
    assert.equal(compareVersions(b, a), { '<': 1, '==': 0, '>': -1 }[operator ?? ''], pair);
  }
});

test('leading zeros do not matter, and there is no largest number', () => {
  assert.equal(compareVersions('1.02', '1.2'), 0);
  assert.equal(compareVersions('9007199254740993', '9007199254740992'), 1);
});

test('systemd-analyze compare-versions agrees on generated pairs', () => {
  const characters = '01290abzABZ~^.-_+é'.split('');
  const version = fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 });
  fc.assert(
    fc.property(version, version, (a, b) => {
      // The tool would take it for an option.
      if (a.startsWith('-') || b.startsWith('-')) return;
      const { status } = spawnSync('systemd-analyze', ['compare-versions', a, b], { stdio: 'ignore' });
      const expected = { 0: 0, 11: 1, 12: -1 }[String(status)];
      assert.equal(Math.sign(compareVersions(a, b)), expected, `${a} and ${b}`);
    }),
    { numRuns: 300, seed: 7431 },
  );
});
