import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mergeUnits } from './merge-units.ts';

const program = { node: '/usr/bin/node', main: '/usr/lib/touchstone/main.js' };

function commands(policyTrust: readonly string[]): string[] {
  return mergeUnits({ program, tpm: false, policyTrust })
    .flatMap(({ content }) => content.split('\n'))
    .filter((line) => /^Exec\w+=./.test(line));
}

test('every command is Touchstone, asked what a unit of one class or of both is to do', () => {
  const words = commands([]).map((line) => line.replace(`=${program.node} ${program.main}`, ''));
  const asked = ['ExecStartPre gate', 'ExecStopPost confirm'];
  const one = (name: string) =>
    ['ExecStart refresh', 'ExecReload refresh', 'ExecStop unmerge', 'ExecStopPost confirm'].map(
      (line) => `${line} --class ${name}`,
    );
  assert.deepEqual(words, [...one('sysext'), ...one('confext'), ...asked, ...asked]);
});

test('a policy that must be signed must be so for every command', () => {
  for (const line of commands(['/etc/touchstone/a.pem', '/etc/touchstone/b.pem']))
    assert.match(line, / --policy-trust \/etc\/touchstone\/a\.pem --policy-trust \/etc\/touchstone\/b\.pem$/);
});

test('what looks at what was merged is given as long as what merges it', () => {
  for (const { path, content } of mergeUnits({ program, tpm: false, policyTrust: [] }))
    if (path.includes('.service.d/'))
      assert.match(content, /^TimeoutStartSec=15min\nTimeoutStopSec=15min$/m, path);
});
