import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { capabilities, firstVersions, parseSystemdVersion } from './capabilities.ts';

const having = (version: number): string[] =>
  Object.entries(capabilities(version)).flatMap(([name, has]) => (has ? [name] : []));

test('releases differ as their news say', () => {
  assert.deepEqual(having(252), []);
  assert.deepEqual(having(254), ['imagePolicySwitch', 'confext']);
  const in257 = having(257);
  assert.ok(in257.includes('mutable') && in257.includes('pcrExtendVarlink'), in257.join());
  assert.ok(!in257.includes('configFile') && !in257.includes('origin'), in257.join());
  assert.equal(capabilities(259).configFile, true);
  assert.equal(capabilities(259).origin, false);
  assert.equal(capabilities(260).origin, true);
  assert.equal(having(262).length, Object.keys(firstVersions).length);
});

test('the documented table is this one', () => {
  const text = readFileSync('docs/systemd-versions.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, version]) => [
    name,
    Number(version),
  ]);
  assert.deepEqual(Object.fromEntries(rows), firstVersions);
});

test('the release is read from what systemd-sysext says', () => {
  assert.equal(parseSystemdVersion('systemd 257 (257.13-1~deb13u1)\n+PAM +AUDIT\n'), 257);
  assert.equal(parseSystemdVersion('systemd 262~rc1 (262~rc1-1)\n'), 262);
  for (const text of ['', 'systemd', 'systemd x', 'sysext 257'])
    assert.throws(() => parseSystemdVersion(text), CouldNotDecide);
});
