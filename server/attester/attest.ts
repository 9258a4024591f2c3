import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import { buildNonceTree } from '../../verifier/evidence/nonce-tree.ts';
import type { AttesterOptions } from './attester-options.ts';
import { takeSnapshot } from './snapshot.ts';

/** Somebody extending the PCR without the log's lock shows as a snapshot that does not agree with itself. */
const attempts = 3;

/**
 * Answers one challenge: log, claims, PCRs and quote of one moment, bound to the nonce.
 *
 * @throws CouldNotDecide if no consistent snapshot can be taken.
 */
export async function attest(options: AttesterOptions, nonce: Uint8Array): Promise<Evidence> {
  const { root, paths } = buildNonceTree([nonce]);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const snapshot = await takeSnapshot(options, root);
    if (snapshot === null) continue;
    return {
      version: 1,
      ...snapshot,
      binding: { nonce, path: paths[0] ?? [], root },
      identity: options.identity,
    };
  }
  throw new CouldNotDecide(
    'the measurement log does not replay to the PCR: something extended it without logging. Reboot the host to start anew',
  );
}
