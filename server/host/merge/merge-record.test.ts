import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { type Hex, parseHex } from '../../../verifier/bytes/hex.ts';
import type { MergedState } from '../merged/merged-state.ts';
import { expectMerge, keepMerge, readRecords } from './merge-record.ts';

const merged: MergedState = {
  ...{ class: 'sysext', hierarchies: ['/usr'], extensions: [], mutable: 'no', since: new Date(0) },
  ...{ mergeId: '0:41@1', knownBy: 'names', problems: [] },
};

function hash(byte: string): Hex {
  return parseHex(byte.repeat(32), 'test');
}

test('what is merged stays explained, however many sets are approved after it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'touchstone-test-'));
  try {
    await expectMerge(root, 'sysext', { sha256: hash('a0'), expected: [] });
    await keepMerge(root, merged, { sha256: hash('a1'), expected: [] }, null);
    for (const byte of ['b1', 'b2', 'b3', 'b4', 'b5', 'b4'])
      await expectMerge(root, 'sysext', { sha256: hash(byte), expected: [] });
    const records = await readRecords(root, 'sysext');
    assert.deepEqual(
      records.map(({ sha256, merge }) => [sha256.slice(0, 2), merge?.mergeId ?? null]),
      [
        ['b4', null],
        ['b5', null],
        ['b3', null],
        ['a1', '0:41@1'],
      ],
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});
