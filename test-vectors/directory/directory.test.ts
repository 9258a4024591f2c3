import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { readAttributes, seesTrustedAttributes } from '../../server/os/extended-attributes.ts';
import { Malformed } from '../../verifier/bytes/failures.ts';
import { digestTree } from '../../verifier/image/tree-digest.ts';
import { inTreeOrder } from '../../verifier/image/tree-order.ts';
import { readTree } from '../../verifier/node/directory-reader.ts';
import { toTreeEntry } from '../generate/described-tree.ts';
import { makeDirectoryGroup } from '../generate/directory.ts';
import { type DirectoryCase, directoryGroupShape, directorySchemaText } from '../generate/directory-group.ts';

const directory = join('test-vectors', 'directory');
const group = directoryGroupShape.parse(JSON.parse(readFileSync(join(directory, 'directory.json'), 'utf8')));
const { cases, notes } = group;

async function outcome({ entries }: DirectoryCase['inputs']): Promise<DirectoryCase['expect']> {
  try {
    const { sha256 } = await digestTree(inTreeOrder(entries.map(toTreeEntry)));
    return { verdict: 'accepted', digest: sha256, code: null, stage: null };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { verdict: 'refused', code: error.code, stage: 'tree' };
  }
}

for (const { id, comment, inputs, expect } of cases) {
  test(`${id} (${comment}): ${expect.code ?? expect.verdict}`, async () => {
    assert.deepEqual(await outcome(inputs), expect);
  });
}

/** Why trees cannot be made on disk here; null if they can. */
async function whyNotHere(): Promise<string | null> {
  if (process.getuid?.() !== 0 || !(await seesTrustedAttributes()))
    return 'devices, owners and trusted attributes need root of the host';
  return spawnSync('python3', ['-c', '']).status === 0 ? null : 'there is no python3';
}

test('made on disk, every tree has that digest, by our reader and by the program in the documentation', async (t) => {
  const reason = await whyNotHere();
  if (reason !== null) {
    t.skip(reason);
    return;
  }
  const work = mkdtempSync(join(tmpdir(), 'touchstone-trees-'));
  t.after(() => rmSync(work, { recursive: true }));
  const program = /```python\n(.*?)```/s.exec(readFileSync(join('docs', 'tree-digest.md'), 'utf8'))?.[1];
  const script = join(work, 'tree-digest.py');
  writeFileSync(script, program ?? assert.fail('there is no program in docs/tree-digest.md'));
  const accepted = cases.flatMap(({ id, inputs: { entries }, expect }) =>
    expect.verdict === 'accepted' ? [{ tree: join(work, id), entries, digest: expect.digest }] : [],
  );
  execFileSync('python3', [join('test-vectors', 'generate', 'tree-on-disk.py')], {
    input: JSON.stringify(Object.fromEntries(accepted.map(({ tree, entries }) => [tree, entries]))),
  });
  const expected = accepted.map(({ digest }) => digest);
  const judge = execFileSync('python3', [script, ...accepted.map(({ tree }) => tree)], {
    encoding: 'latin1',
  });
  assert.deepEqual(judge.trim().split('\n'), expected);
  for (const { tree, digest } of accepted)
    assert.equal((await readTree(tree, { readAttributes })).digest.sha256, digest, tree);
});

test('the group is whole: every identifier once, every flag with a note, every note with a case, a fifth or more accepted', () => {
  assert.deepEqual(readdirSync(directory).sort(), ['directory.json', 'directory.test.ts']);
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
  assert.ok(cases.filter(({ expect }) => expect.verdict === 'accepted').length * 5 >= cases.length);
});

test('trees that differ have different digests, but for what is left out', () => {
  const ids = new Map<string, string[]>();
  for (const { id, expect } of cases)
    if (expect.verdict === 'accepted') ids.set(expect.digest, [...(ids.get(expect.digest) ?? []), id]);
  assert.deepEqual(
    [...ids.values()].filter(({ length }) => length > 1),
    [
      ['empty-file', 'label-left-out'],
      ['two-files-alike', 'hard-link-outside'],
    ],
  );
});

test('the cases are those that the generator makes, the JSON Schema is that of the code', () => {
  assert.deepEqual(group, makeDirectoryGroup());
  const schema = readFileSync(join('test-vectors', 'schemas', 'directory.schema.json'), 'utf8');
  assert.equal(schema, directorySchemaText());
});

test('a group with a key that nobody reads, or without cases, is no group', () => {
  assert.throws(() => directoryGroupShape.parse({ ...group, cases: [] }));
  assert.throws(() => directoryGroupShape.parse({ ...group, cases: [{ ...cases[0], extra: 1 }] }));
});

test('the example of the documentation is the case of that name', () => {
  const text = readFileSync(join('docs', 'tree-digest.md'), 'utf8');
  const [, hex = '', digest] =
    /\n( {4}746f.*?)\n\nand its digest is\n\n {4}([0-9a-f]{64})\n/s.exec(text) ?? [];
  const example = cases.find(({ id }) => id === 'example');
  assert.equal(example?.expect.verdict === 'accepted' ? example.expect.digest : null, digest);
  const encoded = Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
  const sha256 = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: encoded, encoding: 'latin1' });
  assert.equal(sha256.slice(0, 64), digest);
});
