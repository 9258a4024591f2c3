import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import type { FileSystem } from '../../verifier/image/filesystems/file-system.ts';
import { releaseVersion } from '../../verifier/image/release/extension-release.ts';
import { findRelease } from '../../verifier/image/release/find-release.ts';
import { parseHostRelease } from '../../verifier/image/release/host-os-release.ts';
import { matchRelease } from '../../verifier/image/release/release-match.ts';
import { memoryTree } from '../../verifier/image/release/tests/memory-tree.ts';
import { makeReleaseGroup } from '../generate/release.ts';
import {
  entryBytes,
  type ReleaseCase,
  releaseGroupShape,
  releaseSchemaText,
  type TreeEntry,
} from '../generate/release-group.ts';

const directory = join('test-vectors', 'release');
const group = releaseGroupShape.parse(JSON.parse(readFileSync(join(directory, 'release.json'), 'utf8')));
const { cases, notes } = group;

function treeOf(entries: readonly TreeEntry[]): FileSystem {
  return memoryTree(
    entries.map((entry) =>
      'strict' in entry
        ? { path: entry.path, type: 'file', bytes: entryBytes(entry), strict: entry.strict }
        : entry,
    ),
  );
}

async function outcome({ host, tree, designator, ...name }: ReleaseCase['inputs']): Promise<unknown> {
  let stage: string = 'host';
  try {
    const hostRelease = parseHostRelease(Buffer.from(host.osRelease), host.architecture);
    stage = 'find';
    const found = await findRelease(treeOf(tree), name, designator);
    if (!found.found) return { verdict: 'refused', code: found.reasons[0].code, stage };
    const [reason] = matchRelease(found.release, hostRelease, { ...name, scope: host.scope });
    if (reason !== undefined) return { verdict: 'refused', code: reason.code, stage: 'match' };
    stage = 'version';
    const { path, strict } = found;
    const version = releaseVersion(found.release, name.class);
    return { verdict: 'accepted', code: null, stage: null, path, strict, version };
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof Unsupported)) throw error;
    return { verdict: 'refused', code: error.code, stage };
  }
}

for (const { id, comment, inputs, expect } of cases) {
  test(`${id} (${comment}): ${expect.code ?? expect.verdict}`, async () => {
    assert.deepEqual(await outcome(inputs), expect);
  });
}

test('tools agree with what is expected, or the case says why not', () => {
  for (const { id, expect, judged, why } of cases) {
    const otherwise = judged.filter(
      ({ verdict }) => (verdict === 'merged') !== (expect.verdict === 'accepted'),
    );
    if (judged.length > 0)
      assert.equal(why !== null, otherwise.length > 0, `${id}: ${JSON.stringify(otherwise)}`);
  }
  const unjudged = cases.filter(({ judged }) => judged.length === 0).map(({ id }) => id);
  assert.deepEqual(unjudged, ['architecture-arm64', 'file-is-fifo']);
});

test('no file beside the group, no identifier twice', () => {
  assert.deepEqual(readdirSync(directory).sort(), ['release.json', 'release.test.ts']);
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
});

test('every flag has a note, every note a case', () => {
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
});

test('at least a fifth of the cases are accepted', () => {
  const accepted = cases.filter(({ expect }) => expect.verdict === 'accepted');
  assert.ok(
    cases.length >= 70 && accepted.length * 5 >= cases.length,
    `${accepted.length} of ${cases.length}`,
  );
});

test('the cases are those that the generator makes, the JSON Schema is that of the code', () => {
  assert.deepEqual(group, makeReleaseGroup(cases));
  const schema = readFileSync(join('test-vectors', 'schemas', 'release.schema.json'), 'utf8');
  assert.equal(schema, releaseSchemaText());
});

test('a group with a key that nobody reads, or without cases, is no group', () => {
  assert.throws(() => releaseGroupShape.parse({ ...group, cases: [] }));
  assert.throws(() => releaseGroupShape.parse({ ...group, extra: 1 }));
  assert.throws(() => releaseGroupShape.parse({ ...group, cases: [{ ...cases[0], extra: 1 }] }));
});
