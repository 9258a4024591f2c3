import { timingSafeEqual } from 'node:crypto';

import type { Evidence } from '../evidence/evidence.ts';
import { nonceTreeRoot } from '../evidence/nonce-tree.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Checks that the evidence answers this challenge: the nonce is the one given, and its path leads to the root that the
 * quote's qualifying data must cover. Whether the quote does cover it is `verifyQuote`'s to say.
 */
export function checkBinding({ nonce, path, root }: Evidence['binding'], expected: Uint8Array): Reason[] {
  if (!equal(nonce, expected)) {
    return [
      reason('nonce-mismatch', 'The evidence answers another challenge: its nonce is not the one given.'),
    ];
  }
  if (!equal(nonceTreeRoot(nonce, path), root)) {
    return [
      reason('nonce-mismatch', 'The path in the evidence does not lead from the nonce to the quoted root.'),
    ];
  }
  return [];
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
