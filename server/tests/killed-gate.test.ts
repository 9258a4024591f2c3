import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { acceptedNames, checkLog, KilledHost } from './killed-host.ts';
import { type Copy, killAtEach, passedPoints } from './killed-run.ts';
import { collect } from './sample-machine.ts';

/** kill -9 of the gate before each system call that changes something, and what is left of it. */

const classes = ['sysext', 'confext'] as const;

const hosts: KilledHost[] = [];

before(async () => {
  for (const extensionClass of classes) hosts.push(await KilledHost.start(extensionClass));
});
after(() => Promise.all(hosts.map(({ machine }) => machine.stop())));

// Within this process: to start another takes longer than the gate itself.
async function gateAgain(copy: Copy, point: string): Promise<void> {
  const collected = collect();
  const code = await runCommandLine(['gate', ...copy.options], collected.output);
  assert.equal(code, 0, `${point}: ${collected.out}${collected.err}`);
}

async function checkGated(host: KilledHost, copy: Copy, point: string): Promise<void> {
  const events = await checkLog(copy, point);
  host.checkImages(copy, point);
  host.checkInSight(copy, point);
  assert.deepEqual(await acceptedNames(copy, point), ['vendor-tools'], point);
  assert.ok(events !== null, point);
  const verdict = readExtensionHistory(events);
  assert.ok(verdict.read, point);
  const set = verdict.history.sets.get(host.class);
  assert.equal(set?.state, 'approved', point);
  assert.deepEqual(
    set.extensions.map(({ name }) => name),
    ['vendor-tools'],
    point,
  );
}

for (const extensionClass of classes)
  test(`killed before any system call, the gate leaves nothing half done, and the next run mends the rest: ${extensionClass}`, async () => {
    const host = hosts.find((one) => one.class === extensionClass);
    assert.ok(host !== undefined);
    const gate = { program: '../cli/main.js', words: ['gate', '--class', extensionClass] };
    const agreed = new Set<boolean>();
    const points = await killAtEach({ template: host.machine.root, command: gate }, async (copy, point) => {
      host.checkImages(copy, point);
      const left = await checkLog(copy, point);
      agreed.add(left !== null);
      assert.ok((await acceptedNames(copy, point)).length <= 1, point);
      await gateAgain(copy, point);
      await checkGated(host, copy, point);
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
  const [host] = hosts;
  assert.ok(host !== undefined);
  const gate = { program: '../cli/main.js', words: ['gate'] };
  const killing = { template: host.machine.root, command: gate };
  const appended = (await passedPoints(killing)).indexOf('append') + 1;
  const prepare = (copy: Copy) => copy.runKilled(gate, appended);
  const points = await killAtEach({ ...killing, prepare }, async (copy, point) => {
    await gateAgain(copy, point);
    await checkGated(host, copy, point);
  });
  assert.ok(points.includes('append'));
});
