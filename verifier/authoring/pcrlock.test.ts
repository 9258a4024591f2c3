import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { compilePcrlock } from './pcrlock.ts';

const policy = { ...trustOnlyPolicy([]), name: 'edge', version: 12, measurePcr: 14 };
const events = ['touchstone-policy:edge:12:00', 'touchstone-set:sysext:0:11'];

test('each event is a record of the PCR that the policy measures into, in order, in every bank', () => {
  const { records } = JSON.parse(compilePcrlock(policy, events).content);
  const digests = (line: string) =>
    ['sha1', 'sha256', 'sha384', 'sha512'].map((hashAlg) => ({
      hashAlg,
      digest: createHash(hashAlg).update(line).digest('hex'),
    }));
  assert.deepEqual(
    records,
    events.map((line) => ({ pcr: 14, digests: digests(line) })),
  );
});

test('the file says what it was made of, and from what', () => {
  const document = JSON.parse(compilePcrlock(policy, events).content);
  assert.deepEqual(Object.keys(document), ['generated', 'events', 'records']);
  assert.deepEqual(document.events, events);
  assert.match(document.generated, /policy "edge", version 12, sha256:[0-9a-f]{64}\.$/);
});

test('variants of different sets stand beside each other between the file systems and sysinit', () => {
  const [one, same, other] = [events, events, events.slice(1)].map(
    (lines) => compilePcrlock(policy, lines).path,
  );
  assert.match(
    one ?? '',
    /^var\/lib\/pcrlock\.d\/845-touchstone-extensions\.pcrlock\.d\/edge-12-[0-9a-f]{12}\.pcrlock$/,
  );
  assert.equal(one, same);
  assert.notEqual(one, other);
});
