import type { Evidence } from '../evidence/evidence.ts';
import { nonceTreeRoot } from '../evidence/nonce-tree.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Checks that the evidence answers this challenge: the nonce is the one given, and its path leads to the root that the
 * quote's qualifying data must cover. Whether the quote does cover it is `verifyQuote`'s to say.
 */
export function checkBinding({ nonce, path, root }: Evidence['binding'], expected: Uint8Array): Reason[] {
  if (Buffer.compare(nonce, expected) !== 0) {
    return [
      reason('nonce-mismatch', 'The evidence answers another challenge: its nonce is not the one given.'),
    ];
  }
  if (Buffer.compare(nonceTreeRoot(nonce, path), root) !== 0) {
    return [
      reason('nonce-mismatch', 'The path in the evidence does not lead from the nonce to the quoted root.'),
    ];
  }
  return [];
}
