import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import { buildNonceTree } from '../../verifier/evidence/nonce-tree.ts';
import { type SnapshotSource, takeSnapshot, type Torn } from './snapshot.ts';

/** Somebody extending the PCR without the log's lock, or merging, shows as a snapshot that does not agree with itself. */
const attempts = 4;

/**
 * A refresh leaves nothing merged for a moment, and a merge is confirmed a moment after it was made: who is asked just then had better
 * look again than give evidence against the host. The last attempt says what it sees.
 */
const settlingMs = 400;

const restless = 'what is merged changes all the time';
const failures: Readonly<Record<Torn, string>> = {
  'log and PCR':
    'the measurement log does not replay to the PCR: something extended it without logging. Reboot the host to start anew',
  ...{ 'log and merge': restless, merge: restless },
};

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
  let torn: Torn = 'log and PCR';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep(settlingMs);
    const mayWait = attempt < attempts - 1;
    const snapshot = await takeSnapshot(options, { nonceTreeRoot: root, tlsKeySha256, mayWait });
    if (typeof snapshot === 'string') {
      torn = snapshot;
      continue;
    }
    return nonces.map((nonce, index) => ({
      version: 1,
      ...snapshot,
      binding: { nonce, path: paths[index] ?? [], root },
      identity: options.identity,
    }));
  }
  throw new CouldNotDecide(failures[torn]);
}
