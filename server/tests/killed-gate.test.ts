import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { acceptedNames, checkInSight, checkLog, KilledHost } from './killed-host.ts';
import { type Copy, killAtEach, passedPoints } from './killed-run.ts';
import { collect } from './sample-machine.ts';

/** kill -9 of the gate before each system call that changes something, and what is left of it. */

let host: KilledHost;

before(async () => {
  host = await KilledHost.start();
});
after(() => host.machine.stop());

const gate = { program: '../cli/main.js', words: ['gate'] };

// Within this process: to start another takes longer than the gate itself.
async function gateAgain(copy: Copy, point: string): Promise<void> {
  const collected = collect();
  const code = await runCommandLine(['gate', ...copy.options], collected.output);
  assert.equal(code, 0, `${point}: ${collected.out}${collected.err}`);
}

async function checkGated(copy: Copy, point: string, events: readonly string[] | null): Promise<void> {
  host.checkImages(copy, point);
  checkInSight(copy, point);
  assert.deepEqual(await acceptedNames(copy, point), ['vendor-tools'], point);
  assert.ok(events !== null, point);
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read, point);
  const set = verdict.history.sets.get('sysext');
  assert.equal(set?.state, 'approved', point);
  assert.deepEqual(
    set.extensions.map(({ name }) => name),
    ['vendor-tools'],
    point,
  );
}

test('killed before any system call, the gate leaves nothing half done, and the next run mends the rest', async () => {
  const agreed = new Set<boolean>();
  const points = await killAtEach({ template: host.machine.root, command: gate }, async (copy, point) => {
    host.checkImages(copy, point);
    const left = await checkLog(copy, point);
    agreed.add(left !== null);
    assert.ok((await acceptedNames(copy, point)).length <= 1, point);
    await gateAgain(copy, point);
    await checkGated(copy, point, await checkLog(copy, point));
  });
  for (const point of ['create', 'write', 'rename', 'extend', 'append'])
    assert.ok(points.includes(point), point);
  assert.deepEqual(
    [...agreed].sort(),
    [false, true],
    'some kills are while the log is written, some are not',
  );
});

test('killed once more while it ends what a kill left undone, the gate is mended by the run after that', async () => {
  const killing = { template: host.machine.root, command: gate };
  const appended = (await passedPoints(killing)).indexOf('append') + 1;
  const prepare = (copy: Copy) => copy.runKilled(gate, appended);
  const points = await killAtEach({ ...killing, prepare }, async (copy, point) => {
    await gateAgain(copy, point);
    await checkGated(copy, point, await checkLog(copy, point));
  });
  assert.ok(points.includes('append'));
});
