import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import { buildNonceTree } from '../../verifier/evidence/nonce-tree.ts';
import { type SnapshotSource, takeSnapshot } from './snapshot.ts';

/** Somebody extending the PCR without the log's lock shows as a snapshot that does not agree with itself. */
const attempts = 3;

/** Challenges that one quote answers. */
export interface Challenges {
  readonly nonces: readonly [Uint8Array, ...Uint8Array[]];
  /** Of the public key of the TLS connections that they came by; null if these had no TLS. */
  readonly tlsKeySha256: Hex | null;
}

/**
 * Answers challenges by one quote: log, claims, PCRs and quote of one moment, bound to every nonce.
 *
 * @returns the evidence for each nonce, in their order. They share what they have in common.
 * @throws CouldNotDecide if no consistent snapshot can be taken.
 */
export async function attest(
  options: SnapshotSource,
  { nonces, tlsKeySha256 }: Challenges,
): Promise<readonly Evidence[]> {
  const { root, paths } = buildNonceTree(nonces);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const snapshot = await takeSnapshot(options, { nonceTreeRoot: root, tlsKeySha256 });
    if (snapshot === null) continue;
    return nonces.map((nonce, index) => ({
      version: 1,
      ...snapshot,
      binding: { nonce, path: paths[index] ?? [], root },
      identity: options.identity,
    }));
  }
  throw new CouldNotDecide(
    'the measurement log does not replay to the PCR: something extended it without logging. Reboot the host to start anew',
  );
}
