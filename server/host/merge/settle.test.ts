import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseHex } from '../../../verifier/bytes/hex.ts';
import { isAudited } from './settle.ts';

const approval = { rootHash: parseHex('ab'.repeat(32), 'test') };
const images = [{ verdict: { name: 'good', approval } }, { verdict: { name: 'refused', approval: null } }];

test('audit lets through what the gate refused, and that alone', () => {
  const report = { mode: 'audit', images } as const;
  const refused = { code: 'unapproved', name: 'refused' } as const;
  assert.equal(isAudited(refused, report), true);
  assert.equal(isAudited({ ...refused, name: 'good' }, report), false, 'another image of an approved name');
  assert.equal(isAudited({ ...refused, name: 'never-seen' }, report), false, 'what the gate did not see');
  assert.equal(isAudited({ ...refused, code: 'data-corrupt' }, report), false, 'another fault');
  assert.equal(isAudited(refused, { ...report, mode: 'enforce' }), false, 'where nothing is audited');
});
