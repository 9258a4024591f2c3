import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { collect, releaseFiles, SampleMachine } from './sample-machine.ts';

/** What a user gets to see and scripts get to parse, for good and for bad input. */

let machine: SampleMachine;
let image: string;

before(async () => {
  machine = await SampleMachine.start();
  image = machine.put('images/vendor-tools.raw', machine.image('tools'));
});

after(() => machine.stop());

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out, err: collected.err };
}

test('verify --trust accepts what the certificate signed, and shows on what it rests', async () => {
  const { code, out, err } = await touchstone(
    'verify',
    '--full',
    '--trust',
    machine.vendor.certificate,
    image,
  );
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.match(
    out,
    /vendor-tools\.raw: accepted\n {2}extension {2}sysext vendor-tools\n {2}version {4}1\.2\n {2}root hash {2}sha256:[0-9a-f]{64}\n/,
  );
  assert.match(out, /data {7}\d+ bytes match the root hash/);
});

test('verify --json has the documented members, and nothing else is on stdout', async () => {
  const { out } = await touchstone('verify', '--json', '--full', '--policy', machine.policyFile, image);
  const [document] = JSON.parse(out);
  assert.deepEqual(Object.keys(document).sort(), [
    ...['architecture', 'class', 'form', 'hashAlgorithm', 'image', 'integrity', 'name', 'reasons', 'release'],
    ...['rootHash', 'rule', 'signer', 'verdict', 'version'],
  ]);
  assert.equal(document.rule, 'vendor tools');
  assert.equal(document.integrity.checked, 'full');
  assert.deepEqual(Object.keys(document.signer).sort(), [
    'issuer',
    'serial',
    'sha256',
    'spkiSha256',
    'subject',
  ]);
});

test('--version says which version this is', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.deepEqual(await touchstone('--version'), { code: 0, out: `touchstone ${version}\n`, err: '' });
});

test('a name with an end of line in it begins no line of its own', async () => {
  const { err } = await touchstone('policy', 'check', 'x\ntouchstone: gate open');
  assert.equal(err.split('\n').length, 2);
  assert.match(err, /x\\u000atouchstone: gate open/);
});

test('every image gets its verdict, and the exit code is that of the worst', async () => {
  const unsigned = machine.put('images/unsigned.raw', machine.image('unsigned', null));
  const trust = ['--trust', machine.vendor.certificate];
  const refused = await touchstone('verify', ...trust, '--json', unsigned, image);
  assert.equal(refused.code, 1);
  assert.deepEqual(
    JSON.parse(refused.out).map(({ verdict }: { verdict: string }) => verdict),
    ['refused', 'accepted'],
  );
  const missing = await touchstone('verify', ...trust, '--json', unsigned, '/nowhere.raw', image);
  assert.equal(missing.code, 3);
  assert.equal(JSON.parse(missing.out)[1].verdict, 'error');
  assert.match(JSON.parse(missing.out)[1].reasons[0].message, /nowhere\.raw/);
});

test('a wrong signer, a data bit and a class that the name contradicts are refused with their codes', async () => {
  const codeOf = async (...args: readonly string[]) => {
    const { out } = await touchstone('verify', '--json', ...args);
    return JSON.parse(out)[0].reasons.map(({ code }: { code: string }) => code);
  };
  const vendor = ['--trust', machine.vendor.certificate];
  assert.deepEqual(await codeOf('--trust', machine.stranger.certificate, image), ['signer-untrusted']);
  const bytes = readFileSync(image);
  bytes[20480 + 40]! ^= 1;
  assert.deepEqual(await codeOf(...vendor, machine.put('images/corrupt.raw', bytes)), ['data-corrupt']);
  const confext = machine.put('images/site.confext.raw', machine.image('site'));
  assert.deepEqual(await codeOf(...vendor, confext), []);
  assert.deepEqual(await codeOf(...vendor, '--class', 'sysext', confext), ['wrong-class']);
});

test('partitions that are not named for the signed root hash are refused: systemd would not find them', async () => {
  const { bytes } = makeDdi({
    data: makeErofs(releaseFiles('x')),
    uuids: { data: '11'.repeat(16), verity: '22'.repeat(16) },
    sign: (rootHash) => machine.pki.sign(rootHash, { signers: [machine.vendor] }),
  });
  const path = machine.put('images/renamed.raw', bytes);
  const { code, out } = await touchstone(
    'verify',
    '--json',
    '--full',
    '--trust',
    machine.vendor.certificate,
    path,
  );
  assert.equal(code, 1);
  assert.deepEqual(
    JSON.parse(out)[0].reasons.map((one: { code: string }) => one.code),
    ['root-hash-mismatch', 'root-hash-mismatch'],
  );
});

test('a root hash beside the image, which systemd would believe, is not left out of account', async () => {
  const sidecar = machine.put('sidecar/vendor-tools.raw', readFileSync(image));
  machine.put('sidecar/vendor-tools.roothash', 'ab'.repeat(32));
  const { code, out } = await touchstone('verify', '--trust', machine.vendor.certificate, sidecar);
  assert.equal(code, 1);
  assert.match(out, /root-hash-mismatch: The signature partition is about the root hash .* beside the image/);
});

test('a name with terminal escapes is printed as text', async () => {
  const nasty = machine.put('images/a\u001b[2J.raw', 'x');
  const { out } = await touchstone('verify', '--trust', machine.vendor.certificate, nasty);
  assert.ok(out.includes('a\\u001b[2J.raw: refused'));
  assert.ok(!out.includes('\u001b'));
});

const mistakes: Readonly<Record<string, { readonly args: () => string[]; readonly says: RegExp }>> = {
  'no anchors': { args: () => ['verify', image], says: /give --policy FILE, or --trust CERTIFICATE/ },
  'two kinds of anchors': {
    args: () => ['verify', '--policy', machine.policyFile, '--trust', machine.vendor.certificate, image],
    says: /not both/,
  },
  'no image': { args: () => ['verify', '--trust', 'x'], says: /missing required argument 'image'/ },
  'an unknown option': {
    args: () => ['verify', '--trsut', 'x', image],
    says: /unknown option '--trsut'\s+\(Did you mean --trust\?\)/,
  },
  'an unknown command': { args: () => ['verfiy', image], says: /unknown command 'verfiy'/ },
  'an unknown class': {
    args: () => ['gate', '--class', 'portable'],
    says: /Allowed choices are sysext, confext/,
  },
  'a certificate that is none': {
    args: () => ['verify', '--trust', image, image],
    says: /vendor-tools\.raw/,
  },
  'a private key for a certificate': {
    args: () => ['verify', '--trust', machine.vendor.key, image],
    says: /private key/i,
  },
  'an address off loopback': {
    args: () => ['serve', '--listen', '0.0.0.0:1'],
    says: /--listen: 0\.0\.0\.0 is not a loopback address/,
  },
  'a URL that is none': {
    args: () => ['attest', 'ftp://x', '--identity', machine.put('id', '{}'), '--policy', machine.policyFile],
    says: /identity|http/,
  },
  'a nonce that is too short': {
    args: () => {
      const id = machine.put(
        'id',
        '{"version":1,"endorsement":{"public":"","certificate":null},"attestation":{"public":""}}',
      );
      return ['appraise', image, '--identity', id, '--nonce', 'AAAA', '--policy', machine.policyFile];
    },
    says: /--nonce: has fewer than 16 bytes/,
  },
  'an identity that is none': {
    args: () => [
      'attest',
      'http://127.0.0.1:1',
      '--identity',
      machine.put('id', '{}'),
      '--policy',
      machine.policyFile,
    ],
    says: /id: is no enrolment record, as touchstone enroll writes: enrolment\./,
  },
};

for (const [what, { args, says }] of Object.entries(mistakes)) {
  test(`${what} is a usage error that says so`, async () => {
    const { code, out, err } = await touchstone(...args());
    assert.equal(code, 2, err);
    assert.match(err, says);
    assert.doesNotMatch(err, /\n\s+at /);
    assert.equal(out, '');
  });
}

test('a broken policy is exit code 2 with every problem and its place', async () => {
  const policy = join(machine.root, 'broken.yaml');
  writeFileSync(policy, 'apiVersion: touchstone/v1\nkind: Policy\nrules: []\n');
  const { code, err } = await touchstone('verify', '--policy', policy, image);
  assert.equal(code, 2);
  assert.match(err, /broken\.yaml:2:7: kind: /);
  assert.match(err, /broken\.yaml:1:1: metadata: /);
});

test('what a policy hardly means is a warning on stderr, and changes nothing', async () => {
  const policy = join(machine.root, 'etc/touchstone/unused.yaml');
  const unused = `spare: { certificates: [${JSON.stringify(machine.vendor.certificate)}], pinned: true }`;
  writeFileSync(
    policy,
    readFileSync(machine.policyFile, 'utf8').replace('pinned: true }', `pinned: true }, ${unused}`),
  );
  const { code, err } = await touchstone('verify', '--policy', policy, image);
  assert.equal(code, 0, err);
  assert.match(err, /unused\.yaml:4:\d+: warning: no rule asks for the trust set "spare"/);
});

test('what cannot be decided is exit code 3: no TPM, no file, no answer', async () => {
  const gate = await touchstone('gate', '--root', machine.root, '--tcti', 'swtpm:host=127.0.0.1,port=1');
  assert.equal(gate.code, 3);
  assert.match(gate.err, /^touchstone: tpm2_/);
  const noPolicy = await touchstone('gate', '--root', join(machine.root, 'images'));
  assert.equal(noPolicy.code, 3);
  assert.match(noPolicy.err, /there is no \/etc\/touchstone\/policy\.yaml below/);
});

test('an answer that nobody reads to its end does not count as yes', () => {
  const pipeline = 'node dist/server/cli/main.js --help | true; echo ${PIPESTATUS[0]}';
  const { stdout, stderr } = spawnSync('bash', ['-c', pipeline], { encoding: 'utf8' });
  assert.match(stdout, /^(?:0|3)\n$/);
  assert.equal(stderr, '');
});

test('every command has help with an example', async () => {
  for (const command of ['verify', 'gate', 'serve', 'attest', 'appraise']) {
    const { code, out } = await touchstone(command, '--help');
    assert.equal(code, 0);
    assert.match(out, new RegExp(`Example:\\n  touchstone ${command} `));
  }
});
