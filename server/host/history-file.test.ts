import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { beginHistory, readHistory, remember } from './history-file.ts';

const top = mkdtempSync(join(tmpdir(), 'touchstone-history-'));
let root = top;
beforeEach(() => (root = mkdtempSync(join(top, 'host-'))));
after(() => rmSync(top, { recursive: true, force: true }));

const file = () => join(root, 'var/lib/touchstone/history/history.json');
const tools = (version: string) => ({ class: 'sysext', name: 'tools', version }) as const;

test('a host has no history until one is begun, and remembering begins none', async () => {
  assert.equal(await readHistory(root), null);
  await remember(root, { name: 'edge', minimum: 3 }, [tools('2')]);
  assert.equal(await readHistory(root), null);
  await beginHistory(root);
  assert.deepEqual(await readHistory(root), { policy: null, accepted: [] });
});

test('what is remembered is there, for nobody else to read', async () => {
  await beginHistory(root);
  await remember(root, { name: 'edge', minimum: 3 }, [tools('2')]);
  assert.deepEqual(await readHistory(root), { policy: { name: 'edge', minimum: 3 }, accepted: [tools('2')] });
  assert.equal(statSync(file()).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(root, 'var/lib/touchstone/history')).sort(), [
    'history.json',
    'history.lock',
  ]);
});

test('a history is begun once: a second time would forget the first', async () => {
  await beginHistory(root);
  await remember(root, { name: 'edge', minimum: null }, [tools('2')]);
  await assert.rejects(beginHistory(root), CouldNotDecide);
  assert.deepEqual((await readHistory(root))?.accepted, [tools('2')]);
});

test('a history that is gone is noticed', async () => {
  await beginHistory(root);
  unlinkSync(file());
  assert.equal(await readHistory(root), null);
});

test('a damaged history is an error that says what to do', async () => {
  await beginHistory(root);
  writeFileSync(file(), '{"format":1');
  await assert.rejects(readHistory(root), /history\.json is damaged: history: is not JSON\. Restore it/);
  await assert.rejects(remember(root, { name: 'edge', minimum: null }, []), CouldNotDecide);
});

test('of those who remember at once none is forgotten', async () => {
  await beginHistory(root);
  const names = Array.from({ length: 12 }, (_, index) => `tools-${index}`);
  await Promise.all(
    names.map((name) =>
      remember(root, { name: 'edge', minimum: null }, [{ class: 'sysext', name, version: '1' }]),
    ),
  );
  const history = await readHistory(root);
  assert.deepEqual(history?.accepted.map(({ name }) => name).sort(), names.sort());
});
