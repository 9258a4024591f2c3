import assert from 'node:assert/strict';
import { test } from 'node:test';

import { oncePerPair } from './once-per-pair.ts';

test('each pair is computed once, in its order, whatever comes of it', () => {
  const asked: string[] = [];
  const results = { ab: null, ba: false, aa: 1 } as const;
  const [a, b] = [{ name: 'a' }, { name: 'b' }];
  const ask = oncePerPair((first: typeof a, second: typeof a) => {
    asked.push(`${first.name}${second.name}`);
    return first === second ? results.aa : first === a ? results.ab : results.ba;
  });
  for (let round = 0; round < 2; round++)
    assert.deepEqual([ask(a, b), ask(b, a), ask(a, a)], [null, false, 1]);
  assert.deepEqual(asked, ['ab', 'ba', 'aa']);
});
