import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startEndpoint, type Endpoint } from '../cli/endpoint.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { urlOf } from '../http/listen.ts';
import { recordEvents } from '../host/systemd/measure-log.ts';
import { hostArchitecture } from '../os/architecture.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** The main job as a user runs it: the real command line, a real TPM's answers, real sockets. */

let machine: SampleMachine;
let endpoint: Endpoint;
let identityFile: string;

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

function gate(...more: readonly string[]) {
  return touchstone('gate', '--root', machine.root, '--tcti', machine.tpm.tcti, ...more);
}

function attest(...more: readonly string[]) {
  const policy = ['--policy', machine.policyFile];
  return touchstone('attest', urlOf(endpoint.server), '--identity', identityFile, ...policy, ...more);
}

before(async () => {
  machine = await SampleMachine.start();
  endpoint = await startEndpoint({
    root: machine.root,
    device: machine.device,
    address: { host: '127.0.0.1', port: 0 },
    measurePcr: 13,
    log: () => undefined,
  });
  identityFile = join(machine.root, 'identity.json');
  const enrolled = await touchstone(
    ...['enroll', urlOf(endpoint.server), '--trust-on-first-use', '--out', identityFile],
  );
  assert.equal(enrolled.code, 0, enrolled.err);
});

after(async () => {
  await endpoint.stop();
  await machine.stop();
});

test('before anything is gated, the host proves nothing about what is merged', async () => {
  const { code, out, err } = await attest('--json');
  assert.equal(code, 1, out + err);
  assert.deepEqual(
    JSON.parse(out).reasons.map((one: { code: string }) => one.code),
    ['not-gated'],
  );
});

test('the gate accepts what the vendor signed, quarantines the rest with its reason, and measures', async () => {
  machine.put('var/lib/extensions/vendor-tools.raw', machine.image('tools'));
  machine.put('var/lib/extensions/vendor-unsigned.raw', machine.image('unsigned', null));
  machine.put('var/lib/extensions/vendor-other.raw', machine.image('other', machine.stranger));
  const tampered = machine.image('tampered');
  tampered[20480 + 1100]! ^= 1;
  machine.put('var/lib/extensions/vendor-tampered.raw', tampered);
  const { code, out, err } = await gate('--json');
  assert.equal(code, 0, out + err);
  const report = JSON.parse(out);
  const codes = Object.fromEntries(
    report.images.map((image: { name: string; reasons: { code: string }[] }) => [
      image.name,
      image.reasons.map((reason) => reason.code),
    ]),
  );
  assert.deepEqual(codes, {
    'vendor-other': ['signer-untrusted'],
    'vendor-tampered': ['data-corrupt'],
    'vendor-tools': [],
    'vendor-unsigned': ['unsigned'],
  });
  assert.deepEqual(readdirSync(join(machine.root, 'var/lib/extensions')), ['vendor-tools.raw']);
  const quarantine = join(machine.root, 'var/lib/touchstone/quarantine/sysext');
  const reasons = readdirSync(quarantine).filter((name) => name.endsWith('.reason.json'));
  assert.equal(reasons.length, 3);
  assert.equal(
    JSON.parse(readFileSync(join(quarantine, reasons[0]!), 'utf8')).from.startsWith('/var/lib/extensions/'),
    true,
  );
  assert.deepEqual(
    report.events.map((line: string) => line.split(':').slice(0, 3).join(':')),
    [
      'touchstone-policy:sample:1',
      'touchstone-extension:sysext:vendor-tools',
      'touchstone-set:sysext:1',
      'touchstone-set:confext:0',
    ],
  );
});

test('a verifier with the keys and the policy is convinced of the measured set', async () => {
  const { code, out, err } = await attest('--json');
  assert.equal(code, 0, out + err);
  const document = JSON.parse(out);
  assert.equal(document.verdict, 'trustworthy');
  assert.deepEqual(
    document.extensions.map(({ name, verdict, signer }: Record<string, string>) => [name, verdict, signer]),
    [['vendor-tools', 'accepted', 'CN=vendor']],
  );
  assert.deepEqual(
    document.sets.map((set: Record<string, string>) => [set['class'], set['state']]),
    [
      ['sysext', 'approved'],
      ['confext', 'approved'],
    ],
  );
  const text = (await attest()).out;
  assert.match(text, /^TRUSTWORTHY\n/);
  assert.match(text, /no merge was confirmed/);
});

test('gating again changes nothing and measures nothing', async () => {
  const log = join(machine.root, 'run/log/systemd/tpm2-measure.log');
  const before = readFileSync(log);
  const { code, out } = await gate('--json');
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).measured, 'unchanged');
  assert.deepEqual(readFileSync(log), before);
});

test('attest takes earlier evidence and signs its answer, as appraise does', async () => {
  const at = (name: string): string => join(machine.root, name);
  assert.equal((await attest('--save', at('earlier.json'))).code, 0);
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at('result.key')]);
  const result = ['--result', at('result.jwt'), '--result-key', at('result.key')];
  const later = await attest('--previous', at('earlier.json'), ...result);
  assert.equal(later.code, 0, later.err);
  assert.match(readFileSync(at('result.jwt'), 'utf8'), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  writeFileSync(at('foreign.json'), '{}');
  const foreign = await attest('--previous', at('foreign.json'));
  assert.equal(foreign.code, 2, foreign.err);
});

test('appraise decides offline about saved evidence, and refuses it for another nonce', async () => {
  const file = join(machine.root, 'evidence.json');
  const saved = await attest('--save', file);
  const nonce = /its nonce is (\S+)/.exec(saved.err)?.[1] ?? '';
  const options = ['--identity', identityFile, '--policy', machine.policyFile];
  assert.equal((await touchstone('appraise', file, ...options, '--nonce', nonce)).code, 0);
  const other = await touchstone(
    'appraise',
    file,
    ...options,
    '--json',
    '--nonce',
    Buffer.alloc(32).toString('base64'),
  );
  assert.equal(other.code, 1);
  assert.equal(JSON.parse(other.out).reasons[0].code, 'nonce-mismatch');
});

test("a verifier whose policy revokes the image finds it on the host, though the host's own policy does not", async () => {
  const { out } = await gate('--json');
  const rootHash = JSON.parse(out).images[0].rootHash as string;
  const policy = join(machine.root, 'etc/touchstone/stricter.yaml');
  writeFileSync(
    policy,
    `${readFileSync(machine.policyFile, 'utf8')}revoked: { rootHashes: [${rootHash}] }\n`,
  );
  const verdict = await touchstone(
    'attest',
    urlOf(endpoint.server),
    '--identity',
    identityFile,
    '--policy',
    policy,
    '--json',
  );
  assert.equal(verdict.code, 1);
  assert.equal(JSON.parse(verdict.out).extensions[0].reasons[0].code, 'root-hash-revoked');
});

test('with onRefused: abort nothing is moved, nothing is measured, and the gate is shut', async () => {
  machine.writePolicy('onRefused: abort');
  const path = machine.put('var/lib/extensions/vendor-unsigned.raw', machine.image('unsigned', null));
  const log = readFileSync(join(machine.root, 'run/log/systemd/tpm2-measure.log'));
  const { code, out } = await gate('--json');
  assert.equal(code, 1);
  assert.equal(JSON.parse(out).measured, 'nothing');
  assert.ok(existsSync(path));
  assert.deepEqual(readFileSync(join(machine.root, 'run/log/systemd/tpm2-measure.log')), log);
  machine.writePolicy();
});

test('what hides behind a refused image is verified before it comes to light', async () => {
  machine.put('var/lib/extensions/vendor-unsigned.raw', machine.image('unsigned', null));
  machine.put('etc/extensions/vendor-tools.raw', machine.image('evil', machine.stranger));
  const { code, out } = await gate('--json');
  assert.equal(code, 0, out);
  assert.deepEqual(JSON.parse(out).sets[0].extensions, ['vendor-tools']);
  assert.deepEqual(readdirSync(join(machine.root, 'etc/extensions')), []);
});

test('directories are refused, and what they hid is in effect again', async () => {
  machine.put('var/lib/extensions/vendor-tree/usr/share/x', 'x');
  machine.put('run/extensions/vendor-tools/usr/share/x', 'x');
  const { code, out } = await gate('--json');
  assert.equal(code, 0, out);
  const { images, sets } = JSON.parse(out);
  assert.deepEqual(
    images.map((image: { name: string; reasons: { code: string }[] }) => [
      image.name,
      image.reasons[0]?.code,
    ]),
    [
      ['vendor-tools', 'unsigned'],
      ['vendor-tree', 'unsigned'],
      ['vendor-tools', undefined],
    ],
  );
  assert.deepEqual(sets[0].extensions, ['vendor-tools']);
});

test('an empty directory masks an image, which is then not in the measured set', async () => {
  mkdirSync(join(machine.root, 'etc/extensions/vendor-tools'));
  const { out } = await gate('--json');
  assert.deepEqual(JSON.parse(out).sets[0].extensions, []);
  assert.deepEqual(readdirSync(join(machine.root, 'var/lib/extensions')), ['vendor-tools.raw']);
  rmdirSync(join(machine.root, 'etc/extensions/vendor-tools'));
});

test('two files that systemd before 256 would merge side by side, and newer ones not, are refused', async () => {
  machine.put('var/lib/extensions/vendor-tools.sysext.raw', machine.image('tools twice'));
  const { out } = await gate('--json');
  const refused = JSON.parse(out).images.filter((image: { verdict: string }) => image.verdict === 'refused');
  assert.deepEqual(
    refused.map(({ reasons }: { reasons: { code: string }[] }) => reasons[0]?.code),
    ['name-mismatch'],
    out,
  );
});

test('a link is followed inside the root only, and is what gets moved', async () => {
  const outside = join(machine.pki.path('.'), 'outside.raw');
  writeFileSync(outside, machine.image('outside'));
  machine.put('srv/store/vendor-linked.raw', machine.image('linked', machine.stranger));
  symlinkSync(outside, join(machine.root, 'var/lib/extensions/vendor-outside.raw'));
  symlinkSync('/srv/store/vendor-linked.raw', join(machine.root, 'var/lib/extensions/vendor-linked.raw'));
  const { images } = JSON.parse((await gate('--json')).out);
  assert.deepEqual(
    images.map(({ name, verdict }: Record<string, string>) => [name, verdict]),
    [
      ['vendor-linked', 'refused'],
      ['vendor-tools', 'accepted'],
    ],
  );
  assert.ok(existsSync(join(machine.root, 'srv/store/vendor-linked.raw')));
});

test('an image for another architecture is refused, since the host could not run it', async () => {
  const other = hostArchitecture() === 'arm64' ? 'x86-64' : 'arm64';
  machine.put('var/lib/extensions/vendor-foreign.raw', machine.image('foreign', machine.vendor, other));
  const { images } = JSON.parse((await gate('--json')).out);
  const foreign = images.find(({ name }: { name: string }) => name === 'vendor-foreign');
  assert.deepEqual(
    foreign.reasons.map(({ code }: { code: string }) => code),
    ['wrong-architecture'],
  );
});

test('the same set under another policy is measured again', async () => {
  assert.equal(JSON.parse((await gate('--json')).out).measured, 'unchanged');
  machine.writePolicy('# another text');
  assert.equal(JSON.parse((await gate('--json')).out).measured, 'recorded');
  assert.equal(JSON.parse((await gate('--json')).out).measured, 'unchanged');
});

test('after a violation the state is measured afresh', async () => {
  await recordEvents(machine.device, machine.root, 13, ['touchstone-violation:sysext:set-mismatch:evil:']);
  assert.equal(JSON.parse((await gate('--json')).out).measured, 'recorded');
});

test('a PCR that was extended without the log gives no evidence, and the endpoint says so', async () => {
  await machine.device.extendPcr(13, [
    new Map(
      (await machine.device.activeBanks()).map((bank) => [
        bank,
        Buffer.alloc({ sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[bank], 1),
      ]),
    ),
  ]);
  const { code, err } = await attest();
  assert.equal(code, 3);
  assert.match(err, /answered 503/);
});
