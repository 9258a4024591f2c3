import assert from 'node:assert/strict';
import { test } from 'node:test';

test('the package entries give what the README names', async () => {
  // By the package's own name, so that package.json's exports are what is tested.
  const library = await import('touchstone/verifier');
  const node = await import('touchstone/verifier/node');
  assert.equal(typeof library.appraise, 'function');
  assert.equal(typeof library.verifyImage, 'function');
  assert.equal(typeof library.loadPolicy, 'function');
  assert.equal(typeof node.openFileSource, 'function');
  assert.ok(Object.keys(library).length <= 25);
});
