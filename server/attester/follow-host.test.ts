import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { createHostFollower } from './follow-host.ts';
import type { HostState } from './host-state.ts';

function stateOf(bytes: number, mergeId: string): HostState {
  const merged: MergedState = {
    ...{ class: 'sysext', hierarchies: [], extensions: [], mutable: 'no', since: null },
    ...{ knownBy: 'names', mergeId, problems: [] },
  };
  return {
    ...{ log: { records: 0, bytes, incomplete: false }, events: [], merged: new Map([['sysext', merged]]) },
    history: { sets: new Map(), confirmed: new Map(), violations: [] },
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await sleep(5);
  assert.ok(holds());
}

test('a listener hears the state at once, and then only what has changed, in the log or in what is merged', async () => {
  let state = stateOf(0, '');
  const heard: string[] = [];
  const follow = createHostFollower(() => Promise.resolve(state), 5);
  const stop = follow(({ log, merged }) => heard.push(`${log.bytes} ${merged.get('sysext')?.mergeId ?? ''}`));
  await until(() => heard.length > 0);
  state = stateOf(7, '');
  await until(() => heard.includes('7 '));
  state = stateOf(7, 'behind our back');
  await until(() => heard.length > 2);
  await sleep(30);
  stop();
  state = stateOf(9, '');
  await sleep(30);
  assert.deepEqual([...new Set(heard)], ['0 ', '7 ', '7 behind our back']);
  assert.ok(heard.length <= 4, heard.join('; '));
});

test('nobody looks while nobody listens, and a host that cannot be read is looked at again', async () => {
  let reads = 0;
  const follow = createHostFollower(() => {
    reads++;
    return reads < 3 ? Promise.reject(new CouldNotDecide('not now')) : Promise.resolve(stateOf(1, ''));
  }, 5);
  let heard = 0;
  const stop = follow(() => heard++);
  await until(() => heard >= 1);
  stop();
  const before = reads;
  await sleep(40);
  assert.equal(reads, before);
});
