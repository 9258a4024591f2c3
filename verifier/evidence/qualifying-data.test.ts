import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import type { Claims } from './claims.ts';
import { qualifyingData } from './qualifying-data.ts';

const claims: Claims = {
  version: 1,
  sets: [],
  merged: null,
  bootId: '0'.repeat(32),
  tlsKeySha256: null,
  logs: { firmware: null, userspace: { bytes: 0, sha256: 'a'.repeat(64), records: 0, incomplete: false } },
};

// The formula of the design, written out by hand: keys sorted, no white space.
const canonical =
  `{"bootId":"${'0'.repeat(32)}","logs":{"firmware":null,"userspace":{"bytes":0,"incomplete":false,"records":0,` +
  `"sha256":"${'a'.repeat(64)}"}},"merged":null,"sets":[],"tlsKeySha256":null,"version":1}`;

test('it is SHA-256("touchstone-quote-v1" || 0 || root || SHA-256(claims)), so that other verifiers can compute it', () => {
  const root = Buffer.alloc(32, 3);
  const expected = createHash('sha256')
    .update('touchstone-quote-v1')
    .update(Uint8Array.of(0))
    .update(root)
    .update(createHash('sha256').update(canonical).digest())
    .digest('hex');
  assert.equal(Buffer.from(qualifyingData(root, claims)).toString('hex'), expected);
});

test('every claim and the root change it', () => {
  const root = Buffer.alloc(32, 3);
  const base = Buffer.from(qualifyingData(root, claims)).toString('hex');
  assert.notEqual(Buffer.from(qualifyingData(Buffer.alloc(32, 4), claims)).toString('hex'), base);
  assert.notEqual(
    Buffer.from(qualifyingData(root, { ...claims, bootId: '1'.repeat(32) })).toString('hex'),
    base,
  );
});
