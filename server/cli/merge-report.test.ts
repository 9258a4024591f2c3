import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MergedState } from '../host/merged/merged-state.ts';
import type { MergeOutcome } from '../host/merge/merge-outcome.ts';
import { mergeExitCode, type Undecided } from './merge-report.ts';

const merged: MergedState = {
  ...{ class: 'sysext', hierarchies: [], extensions: [], mutable: 'no', since: null },
  ...{ mergeId: '', knownBy: 'nothing-merged', problems: [] },
};

function ended(outcome: MergeOutcome['outcome']): MergeOutcome {
  return { outcome, gate: null, merged, violations: [], failure: null, events: [] };
}

test('of two classes the worse one decides, whichever comes first; a tool that fails is no yes', () => {
  const undecided: Undecided = { class: 'confext', outcome: 'undecided', failure: 'no' };
  for (const [code, one, other] of [
    [0, ended('merged'), ended('nothing')],
    [3, ended('merged'), ended('failed')],
    [3, ended('merged'), undecided],
    [1, ended('violation'), undecided],
    [1, ended('shut'), ended('merged')],
  ] as const) {
    assert.equal(mergeExitCode([one, other]), code);
    assert.equal(mergeExitCode([other, one]), code);
  }
});
