import { digest } from '../bytes/digest.ts';

/** One step from a leaf to the root: the sibling's hash and the side it stands on. */
export interface PathStep {
  readonly side: 'left' | 'right';
  readonly hash: Uint8Array;
}

/** A tree over the nonces that wait together: its root, and the way there from each nonce in the order given. */
export interface NonceTree {
  readonly root: Uint8Array;
  readonly paths: readonly (readonly PathStep[])[];
}

// Different prefixes for leaves and nodes, so that no node can be passed off as somebody's nonce.
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** RFC 6962 section 2.1: the hash of one leaf. */
function leafHash(nonce: Uint8Array): Uint8Array {
  return digest('sha256', leafPrefix, nonce);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return digest('sha256', nodePrefix, left, right);
}

/**
 * RFC 6962 section 2.1 Merkle tree over one or more nonces, so that one TPM quote answers all of them.
 */
export function buildNonceTree(nonces: readonly [Uint8Array, ...Uint8Array[]]): NonceTree {
  let level = nonces.map((nonce, index) => ({ hash: leafHash(nonce), leaves: [index] }));
  const paths: PathStep[][] = nonces.map(() => []);
  // Pairing neighbours and carrying an odd last node upwards gives RFC 6962's tree: its split at the largest power of
  // two below n puts full subtrees on the left.
  while (level.length > 1) {
    level = pairs(level).map(([left, right]) => {
      if (right === undefined) return left;
      for (const leaf of left.leaves) paths[leaf]?.push({ side: 'right', hash: right.hash });
      for (const leaf of right.leaves) paths[leaf]?.push({ side: 'left', hash: left.hash });
      return { hash: nodeHash(left.hash, right.hash), leaves: [...left.leaves, ...right.leaves] };
    });
  }
  return { root: level[0]?.hash ?? leafHash(nonces[0]), paths };
}

function pairs<T>(items: readonly T[]): [T, T | undefined][] {
  return items.flatMap((item, index): [T, T | undefined][] =>
    index % 2 === 0 ? [[item, items[index + 1]]] : [],
  );
}

/** The root that a nonce and its path lead to. The caller compares it with the root that was quoted. */
export function nonceTreeRoot(nonce: Uint8Array, path: readonly PathStep[]): Uint8Array {
  return path.reduce(
    (hash, step) => (step.side === 'left' ? nodeHash(step.hash, hash) : nodeHash(hash, step.hash)),
    leafHash(nonce),
  );
}
