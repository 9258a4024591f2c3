import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { FileSystemNode } from '../filesystems/file-system.ts';
import { waivesName } from './strict-attribute.ts';

// The words are in test-vectors/release; here is what is no text.

function waives(value: Uint8Array | null): Promise<boolean> {
  const asked: string[] = [];
  const node: FileSystemNode = {
    kind: 'special',
    xattr: (name) => {
      asked.push(name);
      return Promise.resolve(asked.every((one) => one === 'user.extension-release.strict') ? value : null);
    },
  };
  return waivesName(node);
}

test('an attribute with bytes that are like a word but for a bit is strict', async () => {
  assert.equal(await waives(Buffer.from('0')), true);
  assert.equal(await waives(Uint8Array.of(0xb0)), false);
  assert.equal(await waives(Uint8Array.of(0xe6)), false);
  assert.equal(await waives(Buffer.alloc(65_536, '0')), false);
  assert.equal(await waives(Buffer.alloc(0)), false);
  assert.equal(await waives(null), false);
});
