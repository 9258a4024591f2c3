import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ToolDriver } from './tool-driver.ts';
import { listHandles, trimToSequence } from './tpm-memory.ts';

/** A driver whose every command prints `text`: what is tested here is how the text is read. */
function printing(text: string): ToolDriver {
  return { run: () => Promise.resolve(text), runSlow: () => Promise.resolve(text) };
}

test('handles are read in either case, and none is no handle', async () => {
  assert.deepEqual(
    [...(await listHandles(printing('- 0x81010001\n- 0x1C00002\n'), 'persistent'))],
    [0x81010001, 0x1c00002],
  );
  assert.equal((await listHandles(printing(''), 'persistent')).size, 0);
});

test('a listing in another form is not an empty one', async () => {
  for (const text of ['persistent: none\n', '- 81010001\n', '0x81010001\n']) {
    await assert.rejects(listHandles(printing(text), 'persistent'), CouldNotDecide);
  }
});

test('a certificate loses its padding, anything else stays as it is', () => {
  assert.deepEqual(
    [...trimToSequence(Uint8Array.of(0x30, 0x82, 0, 1, 9, 0xff, 0xff))],
    [0x30, 0x82, 0, 1, 9],
  );
  for (const bytes of [
    [],
    [0x30, 0x82],
    [0x30, 0x82, 0, 9, 1],
    [0x00, 0x82, 0, 0, 1],
    [0x30, 0x03, 1, 1, 1, 0],
  ]) {
    assert.deepEqual([...trimToSequence(Uint8Array.from(bytes))], bytes);
  }
});
