import assert from 'node:assert/strict';
import { test } from 'node:test';

import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { buildNonceTree, nonceTreeRoot } from './nonce-tree.ts';

/** RFC 6962 section 2.1 word for word, to judge the iterative construction. */
function rfc6962Root(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return digest('sha256', Uint8Array.of(0), leaves[0]!);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return digest(
    'sha256',
    Uint8Array.of(1),
    rfc6962Root(leaves.slice(0, split)),
    rfc6962Root(leaves.slice(split)),
  );
}

function nonces(count: number): [Uint8Array, ...Uint8Array[]] {
  const first = digest('sha256', 'nonce 0');
  return [first, ...Array.from({ length: count - 1 }, (_, index) => digest('sha256', `nonce ${index + 1}`))];
}

test('the root is that of RFC 6962 for every size up to 40', () => {
  for (let count = 1; count <= 40; count++) {
    assert.equal(
      toHex(buildNonceTree(nonces(count)).root),
      toHex(rfc6962Root(nonces(count))),
      `${count} nonces`,
    );
  }
});

test('the vectors of RFC 6962 implementations: empty leaf, and eight growing leaves', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const bytes = leaves.map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));
  assert.equal(
    toHex(buildNonceTree([bytes[0]!]).root),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
  assert.equal(
    toHex(buildNonceTree([bytes[0]!, ...bytes.slice(1)]).root),
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  );
});

test('every nonce leads to the root, and no other nonce does by the same path', () => {
  for (const count of [1, 2, 3, 7, 8, 33]) {
    const all = nonces(count);
    const tree = buildNonceTree(all);
    for (const [index, nonce] of all.entries()) {
      const path = tree.paths[index]!;
      assert.equal(toHex(nonceTreeRoot(nonce, path)), toHex(tree.root));
      assert.notEqual(toHex(nonceTreeRoot(digest('sha256', 'stranger'), path)), toHex(tree.root));
    }
  }
});

test('an inner node cannot be passed off as a nonce', () => {
  const [a, b] = [digest('sha256', 'a'), digest('sha256', 'b')];
  const tree = buildNonceTree([a, b]);
  const inner = Buffer.concat([digest('sha256', Uint8Array.of(0), a), digest('sha256', Uint8Array.of(0), b)]);
  assert.notEqual(toHex(nonceTreeRoot(inner, [])), toHex(tree.root));
});
