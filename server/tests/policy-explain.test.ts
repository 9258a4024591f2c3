import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { imageGroupShape } from '../../test-vectors/generate/image-group.ts';
import { runCommandLine } from '../cli/command-line.ts';
import type { ExplanationDocument } from '../cli/policy-explain-report.ts';
import type { VerdictDocument } from '../cli/verdict-report.ts';
import { collect } from './sample-machine.ts';

/** `policy explain` as its users see it; above all it must never tell another story than `verify`. */

const directory = mkdtempSync(join(tmpdir(), 'touchstone-policy-explain-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const vectors = join('test-vectors', 'image');
const certificates = readdirSync(vectors).filter((name) => name.endsWith('.pem'));

before(() => {
  for (const name of certificates) writeFileSync(join(directory, name), readFileSync(join(vectors, name)));
});

function put(path: string, content: string | Uint8Array): string {
  const target = join(directory, path);
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(target, content);
  return target;
}

function genuine(name: string, path = `${name}.raw`): string {
  return put(path, gunzipSync(readFileSync(join(vectors, `${name}.raw.gz`))));
}

const policyFile = put(
  'policy.yaml',
  `apiVersion: touchstone/v1
kind: ExtensionPolicy
metadata: { name: edge, version: 12 }
trust:
  vendor: { certificates: [${certificates.join(', ')}], pinned: true }
  ops: { certificates: [p256.pem], pinned: true }
rules:
  - name: staging
    match: { labels: { env: staging } }
    require: { signedBy: [ops] }
  - name: configuration
    match: { class: confext }
    require: { signedBy: [ops] }
  - name: arm
    match: { name: "*arm64*" }
    require: { signedBy: [vendor], architecture: [arm64] }
  - name: backups
    match: { name: "backup-*" }
    require: { signedBy: [ops] }
  - name: rest
    match: {}
    require: { signedBy: [vendor] }
  - name: never
    match: { name: never-* }
    require: { signedBy: [vendor] }
`,
);

async function touchstone(...args: readonly string[]) {
  const collected = collect();
  const code = await runCommandLine(args, collected.output);
  return { code, out: collected.out };
}

async function explain(...args: readonly string[]): Promise<{ code: number; document: ExplanationDocument }> {
  const { code, out } = await touchstone('policy', 'explain', '--json', '--policy', policyFile, ...args);
  return { code, document: JSON.parse(out) };
}

/** What both commands say of an image; the time that it took aside. */
async function agree(...args: readonly string[]): Promise<ExplanationDocument> {
  const verified = await touchstone('verify', '--json', '--policy', policyFile, ...args);
  const [wanted]: readonly VerdictDocument[] = JSON.parse(verified.out);
  return compare(wanted, await explain(...args));
}

const exitCodes = { accepted: 0, refused: 1, error: 3 } as const;

function compare(
  wanted: VerdictDocument | undefined,
  { code, document }: Awaited<ReturnType<typeof explain>>,
): ExplanationDocument {
  assert.ok(wanted);
  const { policy, signers, findings, revoked, rules, ...found } = document;
  const integrity = { ...found.integrity, seconds: wanted.integrity.seconds };
  assert.deepEqual({ ...found, integrity }, wanted);
  assert.equal(code, exitCodes[wanted.verdict]);
  assert.equal(policy.path, policyFile);
  assert.ok(signers.every(({ trustedBy }) => trustedBy.length > 0));
  checkSteps(document);
  assert.deepEqual(
    [...findings, ...revoked, ...rules.flatMap(({ reasons }) => reasons)].map(({ code: why, at }) => [
      why,
      at,
    ]),
    wanted.reasons
      .filter(({ code: why }) => why !== 'no-matching-rule')
      .map(({ code: why, at }) => [why, at]),
  );
  return document;
}

/** Whether the steps lead to the verdict. */
function checkSteps({ rule, rules, verdict, reasons }: ExplanationDocument): void {
  const at = rules.findIndex(({ outcome }) => outcome === 'accepts' || outcome === 'refuses');
  const outcomes = rules.map(({ outcome }) => outcome);
  if (at === -1) {
    assert.equal(rule, null);
    assert.equal(new Set(outcomes).size, 1);
    return;
  }
  assert.equal(rules[at]?.name, rule);
  assert.deepEqual(
    [new Set(outcomes.slice(0, at)), new Set(outcomes.slice(at + 1))],
    [new Set(at === 0 ? [] : ['passed over']), new Set(at === rules.length - 1 ? [] : ['not reached'])],
  );
  if (verdict === 'accepted') assert.equal(outcomes[at], 'accepts');
  const placed = reasons.filter((why) => why.at !== null);
  assert.ok(placed.every((why) => why.at === rules[at]?.at));
}

const { cases } = imageGroupShape.parse(JSON.parse(readFileSync(join(vectors, 'image.json'), 'utf8')));

test('explain says of every image of the vectors what verify says', async () => {
  const verdicts = new Map<string, number>();
  for (let start = 0; start < cases.length; start += 16) {
    const names = cases.slice(start, start + 16).map(({ inputs }) => inputs.image.replace(/\.raw\.gz$/, ''));
    const paths = names.map((name) => genuine(name));
    const { out } = await touchstone('verify', '--json', '--policy', policyFile, ...paths);
    const wanted: readonly VerdictDocument[] = JSON.parse(out);
    const explained = await Promise.all(paths.map((path) => explain(path)));
    for (const [index, one] of explained.entries()) {
      const { verdict, rule } = compare(wanted[index], one);
      const key = `${verdict} ${rule ?? ''}`;
      verdicts.set(key, (verdicts.get(key) ?? 0) + 1);
    }
    for (const path of paths) rmSync(path);
  }
  for (const key of ['accepted rest', 'accepted arm', 'refused rest', 'refused arm', 'refused '])
    assert.ok((verdicts.get(key) ?? 0) > 0, `${key} in ${JSON.stringify([...verdicts])}`);
});

test('and so with every option of verify', async () => {
  const path = genuine('sysext-x86-64-rsa');
  const labels = put('labels.yaml', 'env: staging\n');
  assert.equal((await agree(path)).rule, 'rest');
  assert.equal((await agree(path, '--labels', labels)).rule, 'staging');
  assert.equal((await agree(path, '--class', 'confext')).rule, 'configuration');
  assert.equal((await agree(path, '--full')).integrity.checked, 'full');
  put('host/etc/os-release', 'ID=other\nVERSION_ID=1\n');
  put('host/etc/touchstone/labels.yaml', 'env: staging\n');
  assert.equal((await agree(path, '--host', join(directory, 'host'))).rule, 'staging');
});

test('a class that the file name does not say is among what speaks against the image', async () => {
  const path = genuine('confext-x86-64-ecdsa', 'confext-x86-64-ecdsa.confext.raw');
  const { findings } = await agree(path, '--class', 'sysext');
  assert.ok(findings.some(({ code }) => code === 'wrong-class'));
});

test('an image that cannot be read is neither accepted nor refused: 3', async () => {
  const { rules, findings } = await agree(join(directory, 'none.raw'));
  assert.ok(rules.every(({ outcome }) => outcome === 'not reached'));
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['unreadable'],
  );
  const { code, out } = await touchstone(
    'policy',
    'explain',
    '--policy',
    policyFile,
    join(directory, 'none.raw'),
  );
  assert.equal(code, 3);
  assert.match(out, / {2}image: not decided\n {6}unreadable: .*\n[^]*\nerror: unreadable\n$/);
});

test('who is only claimed to have signed is not said to have', async () => {
  const path = genuine('sysext-x86-64-rsa');
  const other = put(
    'other.yaml',
    readFileSync(policyFile, 'utf8').replace(certificates.join(', '), 'p256.pem'),
  );
  const text = async (policy: string) =>
    (await touchstone('policy', 'explain', '--policy', policy, path)).out;
  assert.match(await text(policyFile), /\n {2}signed by +CN=.*\n {2}trusted by +vendor /);
  assert.match(await text(other), /\n {2}claimed signer +CN=[^\n]*\n[^ ]/);
});

test('for people every rule is a line, and the verdict is the last', async () => {
  const path = genuine('sysext-x86-64-rsa');
  const { code, out } = await touchstone('policy', 'explain', '--policy', policyFile, path);
  assert.equal(code, 0);
  const [, after = ''] = out.split(`${policyFile} (edge, version 12)\n`);
  assert.equal(
    after.replaceAll(policyFile, 'policy.yaml'),
    `  image: nothing speaks against it
  revocation: nothing is revoked
  rule 1 "staging" (policy.yaml:8:5): passed over
      it is about hosts with the label env: staging, and the host has no such label
  rule 2 "configuration" (policy.yaml:11:5): passed over
      it is about the class confext, and this is a sysext
  rule 3 "arm" (policy.yaml:14:5): passed over
      it is about names like "*arm64*", and this is "sysext-x86-64-rsa"
  rule 4 "backups" (policy.yaml:17:5): passed over
      it is about names like "backup-*", and this is "sysext-x86-64-rsa"
  rule 5 "rest" (policy.yaml:20:5): accepts
      it is about everything
  rule 6 "never" (policy.yaml:23:5): not reached
accepted by the rule "rest" (policy.yaml:20:5)
`,
  );
});
