import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { runCommandLine } from '../cli/command-line.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** A host without a TPM: whether that keeps extensions from being merged is for the policy to say. */

let machine: SampleMachine;
const skip = existsSync('/dev/tpmrm0') || existsSync('/dev/tpm0') ? 'this machine has a TPM' : false;

beforeEach(async () => {
  machine = await SampleMachine.start();
  machine.put('var/lib/extensions/vendor-a.raw', machine.image('a'));
  machine.put('var/lib/extensions/vendor-b.raw', machine.image('b', null));
});
afterEach(() => machine.stop());

async function run(...words: string[]) {
  const collected = collect();
  const code = await runCommandLine([...words, '--root', machine.root], collected.output);
  return { code, out: collected.out, err: collected.err };
}

test('unless the policy says otherwise, nothing is merged that cannot be measured', { skip }, async () => {
  const { code, err } = await run('gate');
  assert.equal(code, 3);
  assert.match(err, /TPM .* to measure into.*withoutTpm: merge/);
  assert.ok(existsSync(`${machine.root}/var/lib/extensions/vendor-b.raw`), 'nothing was done');
});

test(
  'where the policy lets it, what is approved may be merged, and is said not to be measured',
  { skip },
  async () => {
    machine.writePolicy('measure: { withoutTpm: merge }');
    const { code, out } = await run('gate', '--json');
    const report = JSON.parse(out);
    assert.deepEqual([code, report.open, report.measured, report.events], [0, true, 'no-tpm', []]);
    assert.deepEqual(report.sets[0].extensions, ['vendor-a']);
    assert.ok(!existsSync(`${machine.root}/var/lib/extensions/vendor-b.raw`), 'what is refused is refused');
    assert.match((await run('status')).out, /nothing is measured: there is no TPM/);
  },
);

test('the TPM of this system is not taken for that of a host below a directory', () => {
  const main = resolve(import.meta.dirname, '../cli/main.js');
  const script = [
    'mount --make-rprivate / && mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && : >/dev/tpmrm0',
    `exec "$0" ${main} gate --root ${machine.root}`,
  ].join('\n');
  const env = { PATH: process.env['PATH'] };
  const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, process.execPath], {
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 3);
  assert.match(stderr, /nothing says which TPM the host below .* has to measure into\. Name one by --tcti/);
});

test('a TPM that is there and fails is a failure, whatever the policy says', async () => {
  machine.writePolicy('measure: { withoutTpm: merge }');
  const { code } = await run('gate', '--tcti', 'swtpm:host=127.0.0.1,port=1');
  assert.equal(code, 3);
});
