import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';
import { readPolicy } from '../cli/decision-policy.ts';
import { gate, type GateReport } from './gate.ts';
import { noHost } from './host-knowledge.ts';

// What others do in the directories of the images while the gate is at work: each time that an image is judged it asks for the
// versions that were accepted of its name, and that is when they do it.

const store = 'var/lib/touchstone/images/sysext';
const searched = 'var/lib/extensions';
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  put('etc/os-release', 'ID=sample\n');
});
afterEach(() => rmSync(root, { recursive: true }));

function at(path: string): string {
  return join(root, path);
}

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), bytes);
}

/** A file system without a hash tree, of an extension. */
function image(name: string, content = name): Buffer {
  const release = `usr/lib/extension-release.d/extension-release.${name}`;
  return makeErofs({ [release]: 'ID=_any\n', 'usr/share/sample': content });
}

const goodNames = ['a', 'b', 'z'];

/** Under a policy that lists the images of three names by their digests. @param whenJudged told each name that is judged. */
async function gateWhile(whenJudged: (name: string) => void): Promise<GateReport> {
  const digests = goodNames.map((name) => createHash('sha256').update(image(name)).digest('hex'));
  const rules = goodNames.map(
    (name, index) =>
      `  - { name: ${name}, match: { name: ${name}, form: bare }, require: { fileDigest: ["sha256:${digests[index]}"] } }`,
  );
  const head = [
    'apiVersion: touchstone/v1',
    'kind: ExtensionPolicy',
    'metadata: { name: sample, version: 1 }',
  ];
  put('etc/touchstone/policy.yaml', [...head, 'trust: {}', 'rules:', ...rules, ''].join('\n'));
  const silent = { out: () => undefined, err: () => undefined };
  const policy = await readPolicy(at('etc/touchstone/policy.yaml'), { policyTrust: [], root }, silent);
  const acceptedVersion = ({ name }: { readonly name: string }): null => {
    whenJudged(name);
    return null;
  };
  const knowledge = { ...noHost, acceptedVersion };
  const rest = { device: null, full: false, now: new Date() };
  return gate({ root, classes: ['sysext'], policy, knowledge, ...rest });
}

function approvedNames({ sets }: GateReport): readonly string[] {
  return sets.flatMap(({ approvals }) => approvals.map(({ name }) => name));
}

function codesOf({ images }: GateReport, entry: string): readonly string[] {
  return images
    .filter(({ discovered }) => discovered.entry === at(entry))
    .flatMap(({ verdict }) => verdict.reasons.map(({ code }) => code));
}

test('an image that is put back while the gate is at work is judged and moved away again', async () => {
  put(`${searched}/a.raw`, image('a', 'not listed'));
  put(`${searched}/b.raw`, image('b'));
  const report = await gateWhile((name) => {
    if (name === 'b') put(`${searched}/a.raw`, image('a', 'not listed'));
  });
  assert.equal(report.open, true);
  assert.deepEqual(approvedNames(report), ['b']);
  assert.deepEqual(readdirSync(at(searched)), ['b.raw']);
  assert.equal(readdirSync(at('var/lib/touchstone/quarantine/sysext')).length, 4, 'two, with their reasons');
});

test('a directory in which something new turns up whenever one looks keeps the gate from deciding', async () => {
  let count = 0;
  put(`${searched}/new0.raw`, image('new0'));
  const endless = gateWhile(() => put(`${searched}/new${(count += 1)}.raw`, image(`new${count}`)));
  await assert.rejects(endless, /change faster than they can be verified/);
  assert.ok(count < 20);
});

test('an image of the store that is changed after it was judged is judged again', async () => {
  put(`${store}/a.raw`, image('a'));
  put(`${store}/b.raw`, image('b'));
  const report = await gateWhile((name) => {
    if (name === 'b') put(`${store}/a.raw`, image('a', 'swapped'));
  });
  assert.deepEqual(approvedNames(report), ['b']);
  assert.deepEqual(codesOf(report, 'run/extensions/a.raw'), ['digest-mismatch']);
});

test('the verdict on an image of the store is not lent to another name for it', async () => {
  put(`${store}/a.raw`, image('a'));
  put(`${searched}/b.raw`, image('b'));
  const report = await gateWhile((name) => {
    if (name === 'b') symlinkSync(`/${store}/a.raw`, at(`${searched}/z.raw`));
  });
  assert.deepEqual(approvedNames(report), ['a', 'b']);
  assert.equal(existsSync(at(`${searched}/z.raw`)), false, 'it was moved away');
});

test('nor to another entry of its name, of which some systemd would merge the one, some the other', async () => {
  put(`${store}/a.raw`, image('a'));
  put(`${searched}/b.raw`, image('b'));
  const report = await gateWhile((name) => {
    if (name === 'b') symlinkSync(`/${store}/a.raw`, at('run/extensions/a.sysext.raw'));
  });
  assert.deepEqual(codesOf(report, 'run/extensions/a.sysext.raw'), ['name-mismatch']);
  assert.deepEqual(readdirSync(at('run/extensions')), ['a.raw']);
});

test('links that cannot be followed are moved away, and the rest is merged', async () => {
  put(`${searched}/a.raw`, image('a'));
  put(`${searched}/b.raw`, image('b'));
  mkdirSync(at('etc/extensions'), { recursive: true });
  symlinkSync('b.raw', at('etc/extensions/b.raw'));
  symlinkSync('round', at(`${searched}/round`));
  symlinkSync(Buffer.from([0xff]), at(`${searched}/odd.raw`));
  const report = await gateWhile(() => undefined);
  assert.equal(report.open, true);
  assert.deepEqual(approvedNames(report), ['a', 'b']);
  assert.deepEqual(codesOf(report, `${searched}/round`), ['unreadable']);
  assert.deepEqual(readdirSync(at(searched)).sort(), ['a.raw', 'b.raw']);
  assert.deepEqual(readdirSync(at('etc/extensions')), []);
});
