import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import type { Issued } from '../../test-vectors/generate/openssl-pki.ts';
import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, SampleMachine } from './sample-machine.ts';

/** What binds a host to the policies and images it has had before, and its policies to those who sign them. */

let machine: SampleMachine;
before(async () => void (machine = await SampleMachine.start()));
after(() => machine.stop());

const extensions = () => join(machine.root, 'var/lib/extensions');
const historyFile = () => join(machine.root, 'var/lib/touchstone/history/history.json');

beforeEach(() => {
  rmSync(extensions(), { recursive: true, force: true });
  rmSync(join(machine.root, 'var/lib/touchstone/history'), { recursive: true, force: true });
  rmSync(join(machine.root, 'etc/touchstone/labels.yaml'), { force: true });
});

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

async function gate(...more: readonly string[]) {
  const { code, out, err } = await touchstone(
    'gate',
    '--json',
    '--root',
    machine.root,
    '--tcti',
    machine.tpm.tcti,
    ...more,
  );
  return { code, err, report: out === '' ? null : JSON.parse(out) };
}

function writePolicy(options: {
  readonly name?: string;
  readonly metadata?: string;
  readonly match?: string;
  readonly require?: string;
  readonly more?: string;
}): void {
  const { name = 'sample', metadata = 'version: 1', match = '', require = '', more = '' } = options;
  const text = `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: ${name}, ${metadata} }
trust: { vendor: { certificates: [vendor.pem], pinned: true } }
rules:
  - { name: vendor tools, match: { ${match} }, require: { signedBy: [vendor]${require} } }
${more}
`;
  writeFileSync(machine.policyFile, text);
}

function put(version: string, signer: Issued | null = machine.vendor): void {
  const release = 'usr/lib/extension-release.d/extension-release.tools';
  const data = makeErofs({ [release]: `ID=sample\nSYSEXT_VERSION_ID=${version}\n` });
  const sign = (rootHash: string) => machine.pki.sign(rootHash, { signers: signer === null ? [] : [signer] });
  machine.put('var/lib/extensions/tools.raw', makeDdi({ data, ...(signer === null ? {} : { sign }) }).bytes);
}

const codesOf = (report: { images: { reasons: { code: string }[] }[] }): string[] =>
  report.images.flatMap(({ reasons }) => reasons.map(({ code }) => code));

test('an older version than the host has accepted is refused, also after a newer one was refused', async () => {
  writePolicy({ require: ', noDowngrade: true' });
  assert.equal((await touchstone('history', 'begin', '--root', machine.root)).code, 0);
  put('2.10');
  assert.deepEqual(codesOf((await gate()).report), []);
  put('2.9');
  assert.deepEqual(codesOf((await gate()).report), ['downgrade']);
  assert.equal(existsSync(join(extensions(), 'tools.raw')), false);
  put('3.0', machine.stranger);
  assert.deepEqual(codesOf((await gate()).report), ['signer-untrusted']);
  put('2.10');
  assert.deepEqual(codesOf((await gate()).report), []);
  const shown = await touchstone('history', 'show', '--root', machine.root, '--json');
  assert.deepEqual(JSON.parse(shown.out).accepted, [{ class: 'sysext', name: 'tools', version: '2.10' }]);
});

test('verify asks the host about downgrades when it is told which', async () => {
  writePolicy({ require: ', noDowngrade: true' });
  await touchstone('history', 'begin', '--root', machine.root);
  put('2.10');
  await gate();
  put('2.9');
  const verify = ['verify', '--json', '--policy', machine.policyFile, join(extensions(), 'tools.raw')];
  assert.equal((await touchstone(...verify)).code, 0);
  const asked = await touchstone(...verify, '--host', machine.root);
  assert.equal(JSON.parse(asked.out)[0].reasons[0].code, 'downgrade');
});

test('a history that is gone, or was never begun, is not forgiven', async () => {
  writePolicy({ require: ', noDowngrade: true' });
  put('2.10');
  assert.deepEqual(codesOf((await gate()).report), ['history-lost']);
  await touchstone('history', 'begin', '--root', machine.root);
  put('2.10');
  assert.deepEqual(codesOf((await gate()).report), []);
  unlinkSync(historyFile());
  put('2.10');
  assert.deepEqual(codesOf((await gate()).report), ['history-lost']);
  assert.equal(existsSync(historyFile()), false);
});

test('a damaged history stops the gate, and nothing is touched', async () => {
  writePolicy({ require: ', noDowngrade: true' });
  await touchstone('history', 'begin', '--root', machine.root);
  writeFileSync(historyFile(), '{');
  put('2.10');
  const { code, err } = await gate();
  assert.equal(code, 3);
  assert.match(err, /history\.json is damaged/);
  assert.deepEqual(readdirSync(extensions()), ['tools.raw']);
});

test('a history is begun once, and shown', async () => {
  const begin = ['history', 'begin', '--root', machine.root];
  const show = ['history', 'show', '--root', machine.root];
  assert.equal((await touchstone(...show)).code, 1);
  assert.equal((await touchstone(...begin)).code, 0);
  const again = await touchstone(...begin);
  assert.equal(again.code, 3);
  assert.match(again.err, /has a history/);
  assert.equal((await touchstone(...show)).out, 'policy  any\n');
});

test('after a policy with a minimum no policy below it is taken', async () => {
  await touchstone('history', 'begin', '--root', machine.root);
  writePolicy({ metadata: 'version: 12, minimum: 10' });
  assert.equal((await gate()).code, 0);
  writePolicy({ metadata: 'version: 10' });
  assert.equal((await gate()).code, 0);
  writePolicy({ metadata: 'version: 9' });
  const { code, err } = await gate();
  assert.equal(code, 2);
  assert.match(
    err,
    /policy\.yaml:3:36: this host has taken a policy after which it takes none below version 10, and this is version 9 \(policy-too-old\)/,
  );
  writePolicy({ metadata: 'version: 13, minimum: 2' });
  assert.equal((await gate()).code, 0);
  writePolicy({ metadata: 'version: 9' });
  assert.equal((await gate()).code, 2);
});

test('a host with a history goes by no policy of another name, unless that one says that it replaces it', async () => {
  await touchstone('history', 'begin', '--root', machine.root);
  writePolicy({ metadata: 'version: 12, minimum: 10' });
  assert.equal((await gate()).code, 0);
  writePolicy({ name: 'laptops', metadata: 'version: 300' });
  const { code, err } = await gate();
  assert.equal(code, 2);
  assert.match(err, /policy\.yaml:3:19: .*goes by the policy "sample".*"laptops" \(policy-of-another-name\)/);
  writePolicy({ name: 'laptops', metadata: 'version: 3, replaces: sample' });
  assert.equal((await gate()).code, 0);
  writePolicy({ metadata: 'version: 12, minimum: 10' });
  assert.equal((await gate()).code, 2, 'and there is no way back');
  const shown = await touchstone('history', 'show', '--root', machine.root);
  assert.equal(shown.out, 'policy  laptops, any version\n');
});

test('a policy with a minimum wants a history', async () => {
  writePolicy({ metadata: 'version: 12, minimum: 10' });
  const { code, err } = await gate();
  assert.equal(code, 2);
  assert.match(err, /policy\.yaml:3:49: .*history-lost.*touchstone history begin/);
});

test('in audit mode what is refused is reported, measured as a violation, and stays', async () => {
  writePolicy({ more: 'mode: audit' });
  put('1', machine.stranger);
  const { code, report } = await gate();
  assert.equal(code, 0);
  assert.deepEqual([report.open, report.mode, codesOf(report)], [true, 'audit', ['signer-untrusted']]);
  assert.deepEqual(readdirSync(extensions()), ['tools.raw']);
  const rootHash = report.images[0].rootHash;
  assert.deepEqual(report.events.slice(-3), [
    ...report.events.filter((line: string) => line.startsWith('touchstone-set:')),
    `touchstone-violation:sysext:signer-untrusted:tools:${rootHash}`,
  ]);
  assert.deepEqual((await gate()).report.events, []);
  const text = await touchstone('gate', '--root', machine.root, '--tcti', machine.tpm.tcti);
  assert.match(text.out, /sysext tools: refused, and left in place: audit mode/);
});

test('a rule about labels decides on hosts that have them', async () => {
  writePolicy({ match: 'labels: { env: staging }' });
  put('1');
  const labels = join(machine.root, 'etc/touchstone/labels.yaml');
  writeFileSync(labels, 'env: staging\n');
  assert.deepEqual(codesOf((await gate()).report), []);
  const image = join(extensions(), 'tools.raw');
  const verify = ['verify', '--json', '--policy', machine.policyFile, image];
  assert.equal((await touchstone(...verify)).code, 1);
  assert.equal((await touchstone(...verify, '--host', machine.root)).code, 0);
  assert.equal((await touchstone(...verify, '--labels', labels)).code, 0);
  writeFileSync(labels, 'env: production\n');
  assert.deepEqual(codesOf((await gate()).report), ['no-matching-rule']);
  writeFileSync(labels, 'env: [production\n');
  const { code, err } = await gate();
  assert.equal(code, 2);
  assert.match(err, /labels\.yaml:/);
});

test('given --policy-trust, a policy counts only with the signature of whom it names', async () => {
  writePolicy({});
  const signature = `${machine.policyFile}.p7s`;
  const author = machine.pki.issue({ subject: '/CN=author' });
  const sign = () =>
    touchstone(
      'policy',
      'sign',
      machine.policyFile,
      '--key',
      author.key,
      '--certificate',
      author.certificate,
    );
  const trusted = ['--policy-trust', author.certificate];
  put('1');
  const unsigned = await gate(...trusted);
  assert.equal(unsigned.code, 2);
  assert.match(
    unsigned.err,
    /policy\.yaml:1:1: the policy is not signed as --policy-trust wants it \(policy-unsigned\)/,
  );
  const { code, out } = await sign();
  assert.equal(code, 0);
  assert.match(out, /^signed sample version 1 as "CN=author": .*policy\.yaml\.p7s\n$/);
  const unknown = await gate(...trusted);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /the policy must be signed, and this host has no history .*\(history-lost\)/);
  assert.equal((await touchstone('history', 'begin', '--root', machine.root)).code, 0);
  assert.equal((await gate(...trusted)).code, 0);
  assert.match((await gate('--policy-trust', machine.stranger.certificate)).err, /\(signer-untrusted\)/);
  const verify = ['verify', '--policy', machine.policyFile, ...trusted, join(extensions(), 'tools.raw')];
  assert.equal((await touchstone(...verify)).code, 0);
  writeFileSync(machine.policyFile, `${readFileSync(machine.policyFile, 'utf8')}\n`);
  assert.match((await gate(...trusted)).err, /\(signature-invalid\)/);
  assert.equal((await touchstone(...verify)).code, 2);
  const serve = await touchstone('serve', '--root', machine.root, '--tcti', machine.tpm.tcti, ...trusted);
  assert.equal(serve.code, 2);
  assert.match(serve.err, /\(signature-invalid\)/);
  rmSync(signature);
});

test("a policy that does not load is not signed, nor anything with a key that is not the certificate's", async () => {
  writePolicy({ more: 'mode: nonsense' });
  const author = machine.pki.issue({ subject: '/CN=author' });
  const signature = `${machine.policyFile}.p7s`;
  const sign = (key: string) =>
    touchstone('policy', 'sign', machine.policyFile, '--key', key, '--certificate', author.certificate);
  assert.equal((await sign(author.key)).code, 2);
  writePolicy({});
  const other = await sign(machine.vendor.key);
  assert.equal(other.code, 2);
  assert.match(other.err, /key: is not the key of the certificate "CN=author"/);
  assert.match((await sign(author.certificate)).err, /is not an unencrypted private key in PEM/);
  assert.equal(existsSync(signature), false);
});

test('serve takes the PCR from the policy, and no other', async () => {
  writePolicy({ more: 'measure: { pcr: 12 }' });
  const { code, err } = await touchstone('serve', '--root', machine.root, '--pcr', '13');
  assert.equal(code, 2);
  assert.match(err, /--pcr 13 is not the PCR of .*policy\.yaml, which is 12/);
});
