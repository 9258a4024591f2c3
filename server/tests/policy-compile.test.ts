import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, releaseFiles, SampleMachine } from './sample-machine.ts';

/** What `policy compile` writes, and when it writes nothing. */

let machine: SampleMachine;
let work: string;
let tools: string;
let extra: string;
let site: string;

before(async () => {
  machine = await SampleMachine.start();
  machine.writePolicy(
    '  - { name: site, match: { class: confext, name: site }, require: { signedBy: [vendor] } }',
  );
  tools = machine.put('var/lib/extensions/vendor-tools.raw', machine.image('tools'));
  extra = machine.put('var/lib/extensions/vendor-extra.raw', machine.image('extra'));
  site = machine.put('var/lib/confexts/site.raw', machine.image('site'));
  work = mkdtempSync(join(tmpdir(), 'touchstone-compile-'));
});

after(async () => {
  rmSync(work, { recursive: true });
  await machine.stop();
});

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

function compile(...more: readonly string[]) {
  return touchstone('policy', 'compile', '--policy', machine.policyFile, ...more);
}

interface CompiledFile {
  readonly path: string;
  readonly content: string;
}

test('what the gate measures is what pcrlock is told to expect', async () => {
  const { code, out } = await compile('--json', site, tools, extra);
  assert.equal(code, 0);
  const files: CompiledFile[] = JSON.parse(out);
  const [lock, ...others] = files.filter(({ path }) => path.endsWith('.pcrlock'));
  assert.ok(lock !== undefined && others.length === 0);
  const gated = await touchstone('gate', '--json', '--root', machine.root, '--tcti', machine.tpm.tcti);
  assert.equal(gated.code, 0);
  const { events } = JSON.parse(gated.out);
  assert.equal(events.length, 6);
  assert.deepEqual(JSON.parse(lock.content).events, events);
});

test('the IPE policy allows the images by their root hashes', async () => {
  const { out } = await compile('--json', tools, site);
  const ipe = JSON.parse(out).find(({ path }: CompiledFile) => path.endsWith('.pol'));
  const verified = JSON.parse(
    (await touchstone('verify', '--json', '--policy', machine.policyFile, tools, site)).out,
  );
  for (const { rootHash } of verified)
    assert.ok(ipe.content.includes(`\nop=EXECUTE dmverity_roothash=sha256:${rootHash} action=ALLOW\n`));
});

test('without --output the files are printed with their names', async () => {
  const { code, out, err } = await compile('--systemd', '259');
  assert.equal(code, 0);
  assert.equal(err, '');
  const names = [...out.matchAll(/^==> (.*) <==$/gm)].map(([, name]) => name);
  assert.deepEqual(names, [
    'etc/systemd/sysext.conf.d/80-touchstone.conf',
    'etc/systemd/confext.conf.d/80-touchstone.conf',
    'etc/systemd/system/systemd-sysext@.service.d/40-touchstone.conf',
    'initrd/etc/systemd/sysext.conf.d/80-touchstone.conf',
    'initrd/etc/systemd/confext.conf.d/80-touchstone.conf',
    'ipe/touchstone-sample.pol',
  ]);
});

test('--output writes the files that --json shows, for everybody to read', async () => {
  const directory = join(work, 'new/one');
  const { code, out } = await compile('--json', '--output', directory, tools);
  assert.equal(code, 0);
  const files: CompiledFile[] = JSON.parse(out);
  for (const { path, content } of files) {
    assert.equal(readFileSync(join(directory, path), 'utf8'), content);
    assert.equal(statSync(join(directory, path)).mode & 0o777, 0o644);
  }
  const there = readdirSync(directory, { recursive: true, withFileTypes: true });
  assert.equal(there.filter((entry) => entry.isFile()).length, files.length);
  const again = await compile('--output', directory, tools);
  assert.equal(again.code, 0);
  assert.equal(again.out, files.map(({ path }) => `${join(directory, path)}\n`).join(''));
});

test('what somebody else wrote is not replaced, and then nothing is', async () => {
  const directory = join(work, 'taken');
  const taken = join(directory, 'ipe/touchstone-sample.pol');
  mkdirSync(join(directory, 'ipe'), { recursive: true });
  const drop = join(directory, 'etc/systemd/sysext.conf.d/80-touchstone.conf');
  const attempt = () => compile('--systemd', '259', '--output', directory);
  const refused = async () => {
    const { code, out, err } = await attempt();
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /touchstone-sample\.pol was not written by policy compile, and is left as it is/);
    assert.ok(!existsSync(drop));
  };
  writeFileSync(taken, 'policy_name=mine policy_version=0.0.1\n');
  await refused();
  assert.equal(readFileSync(taken, 'utf8'), 'policy_name=mine policy_version=0.0.1\n');
  rmSync(taken);
  symlinkSync(drop, taken);
  await refused();
  rmSync(taken);
  assert.equal((await attempt()).code, 0);
  assert.ok(existsSync(drop));
});

test('links in the output directory lead nowhere outside of it', async () => {
  const directory = join(work, 'linked');
  const outside = join(work, 'outside');
  mkdirSync(outside);
  mkdirSync(directory);
  symlinkSync(outside, join(directory, 'ipe'));
  const { code } = await compile('--output', directory);
  assert.notEqual(code, 0);
  assert.deepEqual(readdirSync(outside), []);
});

test('if an image is refused, it says why and writes nothing', async () => {
  const stranger = machine.put('images/vendor-tools.raw', machine.image('tools', machine.stranger));
  const directory = join(work, 'refused');
  const { code, out, err } = await compile('--output', directory, site, stranger);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /vendor-tools\.raw: refused\n[^]*signer-untrusted/);
  assert.ok(!existsSync(directory));
});

test('data that is not what the root hash says is refused: nothing is allowed that nobody hashed', async () => {
  const data = makeErofs({ ...releaseFiles('tools'), 'usr/share/large': 'x'.repeat(100_000) });
  const sign = (rootHash: string) => machine.pki.sign(rootHash, { signers: [machine.vendor] });
  const { bytes } = makeDdi({ data, sign });
  // Where the release data, which is read in any case, is not.
  bytes[bytes.indexOf('x'.repeat(5000)) + 50_000] = 0x79;
  const { code, err } = await compile(machine.put('corrupt/vendor-tools.raw', bytes));
  assert.equal(code, 1);
  assert.match(err, /data-corrupt/);
});

test('two images of one name are no set', async () => {
  const other = machine.put('other/vendor-tools.raw', machine.image('tools'));
  const { code, err } = await compile(tools, other);
  assert.equal(code, 2);
  assert.match(err, /two images are both named sysext vendor-tools/);
});

test('a version of systemd without image policies, or none at all, is a mistake in usage', async () => {
  const old = await compile('--systemd', '252.39');
  assert.equal(old.code, 2);
  assert.match(old.err, /systemd 252: has no image policies; the first with them is 254/);
  for (const version of ['trixie', '', '-1', '257; rm'])
    assert.equal((await compile(`--systemd=${version}`)).code, 2, version);
});

test('an image that is not there is neither a yes nor a no', async () => {
  assert.equal((await compile(join(work, 'nothing.raw'))).code, 3);
});

test('warnings go to stderr and leave the document alone', async () => {
  const policy = machine.put(
    'bare.yaml',
    [
      'apiVersion: touchstone/v1',
      'kind: ExtensionPolicy',
      'metadata: { name: bare, version: 1 }',
      'trust: {}',
      `rules: [{ name: one, match: { form: bare }, require: { fileDigest: ["sha256:${'0'.repeat(64)}"] } }]`,
      '',
    ].join('\n'),
  );
  const { code, out, err } = await touchstone('policy', 'compile', '--json', '--policy', policy);
  assert.equal(code, 0);
  assert.match(err, /^touchstone: warning: rules admit bare file systems as sysext .*"unprotected"/m);
  assert.ok(Array.isArray(JSON.parse(out)));
});
