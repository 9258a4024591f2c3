import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { type Booted, withMachine } from '../boot.ts';
import { buildMachine } from '../machine-image.ts';
import { withPayload } from '../payload.ts';
import { readEvents } from './measured.ts';
import { type Attack, attackFiles, attacks, swapAllTheTime, waitingAttack } from './sample-attacks.ts';
import { hostFiles, withSigners } from './sample-host.ts';
import { note } from './seen.ts';

const refresh = 'touchstone refresh --class sysext';

test('what is changed behind the gate does not stay merged', { timeout: 1_800_000 }, async (t) => {
  const machine = await buildMachine();
  await withSigners((signers) =>
    withPayload({ ...hostFiles(signers), ...attackFiles(signers) }, (payload) =>
      withMachine(machine, { payload }, async (booted) => {
        await booted.settled();
        for (const attack of attacks) await t.test(attack.what, (t) => checkAttack(t, booted, attack));
        await t.test('a file swapped all the time', (t) => checkSwapping(t, booted));
        await t.test('killed on its way', (t) => checkKilled(t, booted));
      }),
    ),
  );
});

async function checkAttack(t: TestContext, booted: Booted, { what, place, change }: Attack): Promise<void> {
  const { run } = booted;
  await prepare(booted, `${place} && cat >${waitingAttack} <<'END'\n${change}\nEND`);
  const { status, stdout, stderr } = await run(refresh, 120);
  const events = await newEvents(booted);
  const merged = await mergedNow(booted);
  const done = await run(`cat ${waitingAttack}-done && rm ${waitingAttack}-done`);
  note(
    t,
    `attack between verdict and merge: ${what}`,
    `exit ${status}; merged: ${merged || 'nothing'}; ${events}`,
  );
  assert.equal(done.stdout, `${change}\n`, 'there was no attack');
  assert.notEqual(status, 0, `${stdout}${stderr}`);
  assert.equal(merged, '', `${stdout}${stderr}`);
}

async function checkSwapping(t: TestContext, booted: Booted): Promise<void> {
  const { run } = booted;
  await prepare(booted, swapAllTheTime);
  const merged: string[] = [];
  const seen: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { status } = await run(refresh, 300);
    merged.push(await mergedNow(booted));
    seen.push(`exit ${status}, merged: ${merged.at(-1) || 'nothing'}, ${await newEvents(booted)}`);
  }
  const swaps = await run('systemctl stop swapping; cat /run/swaps');
  note(t, 'attack: two files swapped all the time', `${swaps.stdout.trim()} swaps; ${seen.join('; ')}`);
  assert.ok(Number(swaps.stdout) > 0, swaps.stderr);
  for (const one of merged) assert.match(one, /^(good\ngood runs)?$/);
}

/** SIGKILL at some of the places where what comes next changes the host. */
async function checkKilled(t: TestContext, booted: Booted): Promise<void> {
  const { run } = booted;
  await prepare(booted, `${attacks[0]?.place ?? ''}\n/usr/bin/systemd-sysext unmerge`);
  const whole = await run(
    `TOUCHSTONE_FAULT_LOG=/run/points touchstone-with-faults ${refresh.slice(11)}`,
    120,
  );
  assert.equal(whole.status, 0, whole.stderr);
  const points = (await run('cat /run/points')).stdout.trim().split('\n');
  for (const at of [1, Math.ceil(points.length / 2), points.length]) {
    await run('/usr/bin/systemd-sysext unmerge');
    const killed = await run(`TOUCHSTONE_FAULT_AT=${at} touchstone-with-faults ${refresh.slice(11)}`, 120);
    assert.equal(killed.status, 137, killed.stderr);
    const left = await mergedNow(booted);
    assert.match(left, /^(good\ngood runs)?$/);
    await recover(booted);
    note(
      t,
      `killed at step ${at} of ${points.length}, before ${points[at - 1]}`,
      `left merged: ${left || 'nothing'}; the next refresh: good; ${await newEvents(booted)}`,
    );
  }
}

/** Runs a script in which the directory of images is empty at first. */
async function prepare({ run }: Booted, script: string): Promise<void> {
  const { status, stderr } = await run(
    `set -e\nmkdir -p /var/lib/extensions\nrm -rf /var/lib/extensions/*\n${script}`,
  );
  assert.equal(status, 0, stderr);
}

async function recover(booted: Booted): Promise<void> {
  const again = await booted.run(refresh, 120);
  assert.equal(again.status, 0, `${again.stdout}${again.stderr}`);
  assert.equal(await mergedNow(booted), 'good\ngood runs');
}

/** Names of merged extensions, and what the program of `good` says. */
async function mergedNow({ run }: Booted): Promise<string> {
  return (await run('cat /usr/.systemd-sysext/extensions; good')).stdout.trim();
}

/** What was measured since the last call, in short; the log must lead to what the TPM has. */
let known = 0;
async function newEvents(booted: Booted): Promise<string> {
  const events = await readEvents(booted);
  const added = events.slice(known).map((text) => text.split(':').slice(0, 3).join(':'));
  known = events.length;
  return added.join(', ') || 'nothing measured';
}
