import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { parseHex } from '../../../verifier/bytes/hex.ts';
import { encodeExtensionEvent, setDigest } from '../../../verifier/measurement/extension-event.ts';
import type { Policy } from '../../../verifier/policy/policy.ts';
import { policy as samplePolicy } from '../../../verifier/policy/tests/asked.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../../tpm-device/software-tpm.ts';
import { openTpm } from '../../tpm-device/tpm2-tools.ts';
import { readMeasuredEvents } from '../measured-events.ts';
import { identityOf } from '../../os/file-identity.ts';
import type { MergedState, MergeExpectation } from '../merged/merged-state.ts';
import { recordEvents } from '../systemd/measure-log.ts';
import { confirmClass } from './confirm.ts';
import { keepMerge, readRecords } from './merge-record.ts';
import type { MergeInput } from './merge-input.ts';
import { systemdMergeTool } from './merge-tool.ts';
import { refreshClass } from './refresh.ts';
import { unmergeClass } from './unmerge.ts';

// What systemd does is made up here, to see what is made of it; the real one is in server/tests/merge.test.ts and in vm/cases.

let tpm: SoftwareTpm;
let root: string;
/** What is merged, and what was asked of systemd. */
let merged: MergedState;
let calls: string[];

const hash = parseHex('ab'.repeat(32), 'test');

const nothing: MergedState = {
  ...{
    class: 'sysext',
    hierarchies: [],
    extensions: [],
    mutable: 'no',
    since: null,
    mergeId: '',
    problems: [],
  },
  knownBy: 'nothing-merged',
};

function state(name: string, mergeId = '0:41@1'): MergedState {
  return {
    ...{ ...nothing, hierarchies: ['/usr'], since: new Date(0), mergeId, knownBy: 'names' },
    extensions: [{ name, rootHash: null, path: null }],
  };
}

before(async () => {
  tpm = await startSoftwareTpm();
});
after(() => tpm.stop());
beforeEach(async () => {
  await tpm.stop();
  tpm = await startSoftwareTpm();
  root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  mkdirSync(join(root, 'etc'));
  merged = nothing;
  calls = [];
});
afterEach(() => rmSync(root, { recursive: true }));

/** A host without images: what is approved is that nothing is merged. @param refresh what systemd makes of that. */
function input(
  refresh: () => MergedState = () => nothing,
  unmerge: () => MergedState = () => nothing,
  policy: Policy = samplePolicy,
): MergeInput {
  return {
    ...{ root, class: 'sysext', policy, full: false, now: new Date() },
    device: openTpm({ tcti: tpm.tcti }),
    knowledge: { host: null, labels: new Map(), acceptedVersion: () => 'lost' },
    access: {
      tool: () => ({
        refresh: (imagePolicy) => {
          calls.push(`refresh ${imagePolicy}`);
          return Promise.resolve().then(() => void (merged = refresh()));
        },
        unmerge: () => {
          calls.push('unmerge');
          return Promise.resolve().then(() => void (merged = unmerge()));
        },
      }),
      readMerged: () => Promise.resolve(merged),
      readDevices: () => Promise.resolve({ loops: [], verity: [] }),
    },
  };
}

function failing(): never {
  throw new CouldNotDecide('systemd-sysext failed');
}

/** A directory that was approved and is merged, as a run before has left it. */
async function mergedBefore(): Promise<string> {
  const path = join(root, 'srv/good');
  mkdirSync(path, { recursive: true });
  const file = await identityOf(path);
  assert.ok(file !== null);
  const approval = { name: 'good', rootHash: hash, hashAlgorithm: 'tree-sha256' };
  const expected: MergeExpectation[] = [{ approval, path, file, verityBytes: null }];
  merged = state('good');
  await keepMerge(root, merged, { sha256: hash, expected }, null);
  return path;
}

/** What a run before has measured: one extension, and that it is merged. */
async function measureBefore(): Promise<void> {
  const lines = [
    encodeExtensionEvent({ type: 'policy', name: 'p', version: '1', sha256: hash }),
    encodeExtensionEvent({
      ...{ type: 'extension', class: 'sysext', name: 'good', version: '', hashAlgorithm: 'tree-sha256' },
      ...{ rootHash: hash, signer: 'unsigned', rule: 'r' },
    }),
  ];
  const sha256 = setDigest(lines.slice(1));
  lines.push(
    encodeExtensionEvent({ type: 'set', class: 'sysext', count: 1, sha256 }),
    encodeExtensionEvent({ type: 'merged', class: 'sysext', sha256 }),
  );
  await recordEvents(openTpm({ tcti: tpm.tcti }), root, 13, lines);
}

async function eventWords(last: number): Promise<string[]> {
  const events = await readMeasuredEvents(root, openTpm({ tcti: tpm.tcti }), 13);
  return (events ?? ['none'])
    .map((line) => (line.split(':')[0] ?? '').replace('touchstone-', ''))
    .slice(-last);
}

const strict = 'refresh root=signed+absent:usr=signed+absent';

test('what systemd merged and nobody approved is unmerged first and measured then', async () => {
  await mergedBefore();
  const { outcome, violations, merged: left } = await refreshClass(input(() => state('evil', '0:42@2')));
  assert.equal(outcome, 'violation');
  assert.deepEqual(
    violations.map(({ code, name }) => [code, name]),
    [['unapproved', 'evil']],
  );
  assert.equal(left, nothing);
  assert.deepEqual(calls, [strict, 'unmerge']);
  assert.deepEqual(await eventWords(2), ['violation', 'unmerged']);
  assert.deepEqual(await readRecords(root, 'sysext'), []);
});

test('what stays merged though it was told to go is no answer but a failure, and a violation all the same', async () => {
  merged = state('evil');
  const stubborn = input(undefined, () => merged);
  await assert.rejects(refreshClass(stubborn), /sysext is still merged into \/usr/);
  await assert.rejects(unmergeClass(stubborn), CouldNotDecide);
  assert.deepEqual(await eventWords(2), ['set', 'violation'], 'no log says that it was unmerged');
});

/** Looks that fail once something else than before is merged: who writes in the directory of the images can bring that about. */
function blinded(sees: MergeInput, what: 'readMerged' | 'readDevices', from = 1): MergeInput {
  const fail = () => Promise.reject(new CouldNotDecide('a link leads to itself'));
  let looks = 0;
  const look = <T>(read: () => Promise<T>) =>
    merged.mergeId === '0:42@2' && ++looks >= from ? fail() : read();
  const { access } = sees;
  const changed = { [what]: () => look<unknown>(() => access[what]('sysext')) };
  return { ...sees, access: { ...access, ...changed } };
}

for (const [what, from] of [
  ['readMerged', 1],
  ['readDevices', 1],
  ['readDevices', 2],
] as const)
  test(`what was merged and cannot be looked at does not stay merged (${what} ${from})`, async () => {
    const swapped = input(() => state('evil', '0:42@2'));
    await mergedBefore();
    const { outcome, violations } = await refreshClass(blinded(swapped, what, from));
    assert.deepEqual([outcome, violations.map(({ code }) => code)], ['violation', ['set-mismatch']]);
    assert.match(
      violations[0]?.message ?? '',
      /cannot be looked at, so it must not stay: a link leads to itself/,
    );
    assert.deepEqual([calls, merged], [[strict, 'unmerge'], nothing]);
    assert.deepEqual(await eventWords(2), ['violation', 'unmerged']);
    for (const again of [confirmClass, refreshClass]) {
      merged = state('evil', '0:42@2');
      assert.equal((await again(blinded(swapped, what))).outcome, 'violation');
      assert.equal(merged, nothing);
    }
  });

test('a gate that cannot decide takes back what was merged behind our back, and not what was approved', async () => {
  symlinkSync('extensions', join(root, 'etc/extensions'));
  for (const again of [confirmClass, refreshClass]) {
    await mergedBefore();
    await assert.rejects(again(input()), /too many symbolic links/);
    assert.deepEqual([calls, merged.extensions[0]?.name], [[], 'good']);
    merged = state('evil', '0:42@2');
    await assert.rejects(again(input()), /too many symbolic links/);
    assert.deepEqual([calls, merged], [['unmerge'], nothing]);
    assert.deepEqual(await eventWords(1), ['violation']);
    calls = [];
  }
});

test('when systemd fails before it changes anything, what was merged is left, and not said to be merged', async () => {
  await mergedBefore();
  const { outcome, failure, violations } = await refreshClass(input(failing));
  assert.deepEqual([outcome, failure, violations], ['failed', 'systemd-sysext failed', []]);
  assert.deepEqual(calls, [strict]);
  assert.deepEqual(await eventWords(1), ['set']);
});

test('a systemd-sysext that hangs is ended with all that it started, and nothing is merged behind the answer', async () => {
  const tool = join(root, 'systemd-sysext');
  const late = join(root, 'merged-late');
  // The tool mounts in a child, which a signal to the tool alone does not end.
  writeFileSync(tool, `#!/bin/sh\n(sleep 2; touch ${late}) & sleep 30\n`, { mode: 0o755 });
  await mergedBefore();
  const program = { path: tool, timeoutMs: 500 };
  const { access, ...rest } = input();
  const hangs = { ...access, tool: () => systemdMergeTool(root, 'sysext', 257, program) };
  const ended = await refreshClass({ ...rest, access: hangs });
  const { outcome, failure } = ended;
  assert.equal(outcome, 'failed');
  assert.match(failure ?? '', /did not end within 0\.5 s and was killed/);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.ok(!existsSync(late), 'what it started went on');
  assert.deepEqual(await eventWords(1), ['set'], 'no log says that anything is merged');

  merged = state('evil', '0:42@2');
  await assert.rejects(
    unmergeClass({ ...rest, access: hangs }),
    /sysext is still merged into \/usr: .* did not end within 0\.5 s/,
  );
  await assert.rejects(confirmClass({ ...rest, access: hangs }), CouldNotDecide);
  assert.deepEqual(await eventWords(1), ['violation']);
});

test('when systemd fails and leaves nothing merged, that is no violation', async () => {
  await mergedBefore();
  const fails = (): MergedState => {
    merged = nothing;
    return failing();
  };
  const { outcome, failure } = await refreshClass(input(fails));
  assert.deepEqual([outcome, failure], ['failed', 'systemd-sysext failed']);
  assert.deepEqual(await eventWords(1), ['set']);
});

test('when systemd fails after it merged something else, that is unmerged', async () => {
  await mergedBefore();
  const fails = (): MergedState => {
    merged = state('evil', '0:42@2');
    return failing();
  };
  assert.equal((await refreshClass(input(fails))).outcome, 'violation');
  assert.deepEqual(await eventWords(2), ['violation', 'unmerged']);
});

test('where nothing is to be merged and nothing is, systemd is not asked', async () => {
  assert.equal((await refreshClass(input())).outcome, 'merged');
  assert.deepEqual(calls, []);
  assert.deepEqual(await eventWords(2), ['set', 'merged']);
});

test('what was merged behind our back is unmerged and measured before what is approved is merged', async () => {
  merged = state('evil');
  const { outcome, violations } = await refreshClass(input());
  assert.deepEqual(
    [outcome, violations.map(({ code, name }) => [code, name])],
    ['merged', [['unapproved', 'evil']]],
  );
  assert.deepEqual(calls, ['unmerge']);
  assert.deepEqual(await eventWords(5), ['violation', 'unmerged', 'policy', 'set', 'merged']);
});

test('behind our back is also what takes the place of what was confirmed', async () => {
  await mergedBefore();
  merged = state('evil', '0:42@2');
  assert.equal((await refreshClass(input())).violations[0]?.name, 'evil');
});

test('what was approved and is merged by somebody else, and images that were replaced since, are no violation', async () => {
  const path = await mergedBefore();
  merged = state('good', '0:42@2');
  renameSync(path, `${path}-old`);
  mkdirSync(path);
  const { outcome, violations } = await refreshClass(input());
  assert.deepEqual([outcome, violations], ['merged', []]);
  assert.deepEqual(calls, [strict]);
});

test('what was written into what is merged is a violation', async () => {
  const path = await mergedBefore();
  writeFileSync(join(path, 'more'), '');
  const { violations } = await refreshClass(input());
  assert.deepEqual(
    violations.map(({ code, name }) => [code, name]),
    [['digest-mismatch', 'good']],
  );
});

test('a gate that is shut does not keep what was merged behind our back', async () => {
  const policy = { ...samplePolicy, onRefused: 'abort' } as const;
  mkdirSync(join(root, 'var/lib/extensions/refused/usr'), { recursive: true });
  merged = state('evil');
  assert.equal((await refreshClass(input(undefined, undefined, policy))).outcome, 'violation');
  assert.deepEqual(calls, ['unmerge']);
  assert.equal((await refreshClass(input(undefined, undefined, policy))).outcome, 'shut');
  assert.deepEqual(calls, ['unmerge']);
});

test('under audit nothing is unmerged, and what is merged is measured', async () => {
  merged = state('evil');
  const { outcome } = await refreshClass(input(() => merged, undefined, { ...samplePolicy, mode: 'audit' }));
  assert.equal(outcome, 'audited');
  assert.deepEqual(calls, ['refresh null']);
  assert.deepEqual(await eventWords(1), ['violation']);
});

/** A directory that the policy refuses, where systemd looks. */
function putRefused(): void {
  mkdirSync(join(root, 'var/lib/extensions/evil/usr'), { recursive: true });
}

test('what the gate has just moved away and is merged all the same is a violation', async () => {
  putRefused();
  await mergedBefore();
  const moves = { ...samplePolicy, onRefused: 'quarantine' } as const;
  const swapped = input(() => state('evil', '0:42@2'), undefined, moves);
  const { outcome, violations } = await refreshClass(swapped);
  assert.deepEqual([outcome, violations.map(({ name }) => name)], ['violation', ['evil']]);
  assert.ok(!existsSync(join(root, 'var/lib/extensions/evil')));
});

test('an overlay where nothing should be merged is a violation, though nothing else is merged', async () => {
  const stray = { ...nothing, problems: ['there is an overlay of sysext at /srv, where nothing is merged'] };
  for (const again of [confirmClass, refreshClass]) {
    merged = stray;
    assert.equal((await again(input())).violations[0]?.code, 'set-mismatch');
    assert.equal(merged, nothing);
  }
});

test('under audit what the gate refused is no violation once more, but what does not add up is one', async () => {
  putRefused();
  const audit = { ...samplePolicy, mode: 'audit' } as const;
  const problems = ['/usr can be written to'];
  const first = await refreshClass(input(() => state('evil'), undefined, audit));
  assert.deepEqual([first.outcome, first.violations, first.events], ['audited', [], []]);
  const { outcome, violations } = await refreshClass(
    input(() => ({ ...state('evil', '0:42@2'), problems }), undefined, audit),
  );
  assert.deepEqual([outcome, violations.map(({ code }) => code)], ['audited', ['set-mismatch']]);
});

test('under audit a gate that cannot decide and a look that fails take nothing away', async () => {
  const audit = { ...samplePolicy, mode: 'audit' } as const;
  merged = state('evil', '0:42@2');
  const blind = blinded(input(undefined, undefined, audit), 'readDevices');
  await assert.rejects(refreshClass(blind), /a link leads to itself/);
  putRefused();
  symlinkSync('extensions', join(root, 'etc/extensions'));
  await assert.rejects(confirmClass(input(undefined, undefined, audit)), /too many symbolic links/);
  assert.deepEqual([calls, merged.extensions[0]?.name], [[], 'evil']);
});

test('a directory that is merged and is no approved image any more is not confirmed', async () => {
  await mergedBefore();
  assert.equal((await confirmClass(input())).outcome, 'violation');
});

test('to confirm takes back nothing that was approved before, and merges nothing', async () => {
  const path = join(root, 'srv/good.raw');
  mkdirSync(join(root, 'srv'));
  writeFileSync(path, 'image');
  const file = await identityOf(path);
  assert.ok(file !== null);
  const approval = { name: 'good', rootHash: hash, hashAlgorithm: 'file-sha256' };
  merged = state('good');
  const sha256 = hash;
  await keepMerge(root, merged, { sha256, expected: [{ approval, path, file, verityBytes: null }] }, null);
  const loop = { name: 'loop0', sequence: 1n, device: file.device, inode: file.inode, path };
  const { access, ...rest } = input();
  const readDevices = () => Promise.resolve({ loops: [loop], verity: [] });
  const { outcome, violations } = await confirmClass({ ...rest, access: { ...access, readDevices } });
  assert.deepEqual([outcome, violations, calls], ['earlier', [], []]);
  assert.deepEqual(await eventWords(1), ['set']);
});

test('where nothing is merged there is nothing to confirm, and a log that says otherwise is set right', async () => {
  await measureBefore();
  assert.deepEqual((await confirmClass(input())).events, ['touchstone-unmerged:sysext']);
  assert.deepEqual((await confirmClass(input())).events, [], 'and not again');
  assert.deepEqual(await eventWords(2), ['merged', 'unmerged'], 'no gate was asked');
});
