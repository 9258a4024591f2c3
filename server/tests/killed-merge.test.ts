import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { acceptedNames, checkLog, KilledHost } from './killed-host.ts';
import { type Copy, killAtEach } from './killed-run.ts';
import { mergedFiles, mergeOnce, swapIn } from './made-up-systemd.ts';

/** kill -9 of merging and unmerging before each system call that changes something, and what is left of it. */

const classes = ['sysext', 'confext'] as const;

const hosts: KilledHost[] = [];

before(async () => {
  for (const extensionClass of classes) hosts.push(await KilledHost.start(extensionClass));
});
after(() => Promise.all(hosts.map(({ machine }) => machine.stop())));

/** Says the same of both classes. */
function testEach(name: string, check: (host: KilledHost) => Promise<void>): void {
  for (const extensionClass of classes)
    test(`${name} (${extensionClass})`, async () => {
      const host = hosts.find((one) => one.class === extensionClass);
      assert.ok(host !== undefined);
      await check(host);
    });
}

function commandOf(host: KilledHost, verb: 'refresh' | 'unmerge') {
  return { program: 'made-up-systemd.js', words: [verb, '--class', host.class] };
}

function once(host: KilledHost, verb: 'refresh' | 'unmerge', copy: Copy) {
  return mergeOnce([...commandOf(host, verb).words, ...copy.options]);
}

/** What the gate does first is killed in a test of its own. */
function refreshOf(host: KilledHost) {
  return { template: host.machine.root, command: commandOf(host, 'refresh'), from: 'merge' };
}

/** What the log says of the class; null if it says nothing. */
function lastState(
  { class: extensionClass }: KilledHost,
  events: readonly string[],
  point: string,
): string | null {
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read, point);
  return verdict.history.sets.get(extensionClass)?.state ?? null;
}

/** As the next run leaves it, the log too. */
async function checkNextRun(host: KilledHost, copy: Copy, point: string): Promise<void> {
  assert.equal((await once(host, 'refresh', copy)).outcome, 'merged', point);
  host.checkImages(copy, point);
  host.checkInSight(copy, point);
  assert.deepEqual(await acceptedNames(copy, point), ['vendor-tools'], point);
  assert.deepEqual(mergedFiles(copy.root), ['vendor-tools.raw'], point);
  const events = await checkLog(copy, point);
  assert.ok(events !== null, point);
  assert.equal(lastState(host, events, point), 'merged', point);
}

testEach(
  'killed before any system call, a merge merges nothing unapproved, and the next one mends the rest',
  async (host) => {
    const points = await killAtEach(refreshOf(host), async (copy, point) => {
      host.checkImages(copy, point);
      const left = await checkLog(copy, point);
      // Merged or not, what is in sight of systemd was measured as approved before.
      host.checkInSight(copy, point);
      assert.ok(
        mergedFiles(copy.root).every((name) => name === 'vendor-tools.raw'),
        point,
      );
      if (left !== null) assert.match(lastState(host, left, point) ?? '', /^(?:approved|merged)$/, point);
      await checkNextRun(host, copy, point);
    });
    assert.equal(points.filter((point) => point === 'merge').length, 1);
    assert.equal(points.filter((point) => point === 'extend').length, 2);
  },
);

testEach(
  'killed before any system call, unmerging leaves a log that does not say less than is merged',
  async (host) => {
    const command = commandOf(host, 'unmerge');
    const prepare = (copy: Copy) => once(host, 'refresh', copy);
    await killAtEach({ template: host.machine.root, command, prepare }, async (copy, point) => {
      const left = await checkLog(copy, point);
      if (left !== null && lastState(host, left, point) === 'unmerged')
        assert.deepEqual(mergedFiles(copy.root), [], point);
      assert.equal((await once(host, 'unmerge', copy)).outcome, 'nothing', point);
      assert.equal(lastState(host, (await checkLog(copy, point)) ?? [], point), 'unmerged', point);
      await checkNextRun(host, copy, point);
    });
  },
);

testEach(
  'killed while it undoes what was swapped in, a merge is not said to be confirmed, and the next one undoes it',
  async (host) => {
    const prepare = (copy: Copy) => {
      swapIn(copy.root, 'vendor-unsigned.raw');
      return Promise.resolve();
    };
    const points = await killAtEach({ ...refreshOf(host), prepare }, async (copy, point) => {
      const left = await checkLog(copy, point);
      if (left !== null) assert.notEqual(lastState(host, left, point), 'merged', point);
      if (mergedFiles(copy.root).length > 0) {
        const again = await once(host, 'refresh', copy);
        assert.equal(again.outcome, 'violation', point);
        assert.deepEqual(mergedFiles(copy.root), [], point);
      }
      swapIn(copy.root, null);
      await checkNextRun(host, copy, point);
    });
    assert.equal(points.filter((point) => point === 'merge').length, 2);
  },
);
