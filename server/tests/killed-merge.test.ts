import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { acceptedNames, checkInSight, checkLog, KilledHost } from './killed-host.ts';
import { type Copy, killAtEach } from './killed-run.ts';
import { mergedFiles, mergeOnce, swapIn } from './made-up-systemd.ts';

/** kill -9 of merging and unmerging before each system call that changes something, and what is left of it. */

let host: KilledHost;

before(async () => {
  host = await KilledHost.start();
});
after(() => host.machine.stop());

/** What the gate does first is killed in a test of its own. */
const refresh = { command: { program: 'made-up-systemd.js', words: ['refresh'] }, from: 'merge' };

/** What the log says of the class; null if it says nothing. */
function lastState(events: readonly string[], point: string): string | null {
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read, point);
  return verdict.history.sets.get('sysext')?.state ?? null;
}

/** As the next run leaves it, the log too. */
async function checkNextRun(copy: Copy, point: string): Promise<void> {
  assert.equal((await mergeOnce(['refresh', ...copy.options])).outcome, 'merged', point);
  host.checkImages(copy, point);
  checkInSight(copy, point);
  assert.deepEqual(await acceptedNames(copy, point), ['vendor-tools'], point);
  assert.deepEqual(mergedFiles(copy.root), ['vendor-tools.raw'], point);
  const events = await checkLog(copy, point);
  assert.ok(events !== null, point);
  assert.equal(lastState(events, point), 'merged', point);
}

test('killed before any system call, a merge merges nothing unapproved, and the next one mends the rest', async () => {
  const template = host.machine.root;
  const points = await killAtEach({ template, ...refresh }, async (copy, point) => {
    host.checkImages(copy, point);
    const left = await checkLog(copy, point);
    // Merged or not, what is in sight of systemd was measured as approved before.
    checkInSight(copy, point);
    assert.ok(
      mergedFiles(copy.root).every((name) => name === 'vendor-tools.raw'),
      point,
    );
    if (left !== null) assert.match(lastState(left, point) ?? '', /^(?:approved|merged)$/, point);
    await checkNextRun(copy, point);
  });
  assert.equal(points.filter((point) => point === 'merge').length, 1);
  assert.equal(points.filter((point) => point === 'extend').length, 2);
});

test('killed before any system call, unmerging leaves a log that does not say less than is merged', async () => {
  const command = { ...refresh.command, words: ['unmerge'] };
  const prepare = (copy: Copy) => mergeOnce(['refresh', ...copy.options]);
  await killAtEach({ template: host.machine.root, command, prepare }, async (copy, point) => {
    const left = await checkLog(copy, point);
    if (left !== null && lastState(left, point) === 'unmerged')
      assert.deepEqual(mergedFiles(copy.root), [], point);
    assert.equal((await mergeOnce(['unmerge', ...copy.options])).outcome, 'nothing', point);
    assert.equal(lastState((await checkLog(copy, point)) ?? [], point), 'unmerged', point);
    await checkNextRun(copy, point);
  });
});

test('killed while it undoes what was swapped in, a merge is not said to be confirmed, and the next one undoes it', async () => {
  const prepare = (copy: Copy) => {
    swapIn(copy.root, 'vendor-unsigned.raw');
    return Promise.resolve();
  };
  const points = await killAtEach(
    { template: host.machine.root, ...refresh, prepare },
    async (copy, point) => {
      const left = await checkLog(copy, point);
      if (left !== null) assert.notEqual(lastState(left, point), 'merged', point);
      if (mergedFiles(copy.root).length > 0) {
        const again = await mergeOnce(['refresh', ...copy.options]);
        assert.equal(again.outcome, 'violation', point);
        assert.deepEqual(mergedFiles(copy.root), [], point);
      }
      swapIn(copy.root, null);
      await checkNextRun(copy, point);
    },
  );
  assert.equal(points.filter((point) => point === 'merge').length, 2);
});
