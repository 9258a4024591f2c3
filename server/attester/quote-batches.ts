import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import type { Challenges } from './attest.ts';

/** What a verifier asks. */
export interface Challenge {
  readonly nonce: Uint8Array;
  /** Of the public key of the TLS connection that it came by; null if that had no TLS. */
  readonly tlsKeySha256: Hex | null;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Bounds of a queue of challenges. */
export interface BatchLimits {
  /** Challenges that may wait or be answered. */
  readonly waiting: number;
  /** Challenges that one quote answers. */
  readonly together: number;
  /** How long one of them waits before it is refused, in milliseconds. */
  readonly waitingMs: number;
  /**
   * How long the next quote waits for those that were just answered to ask again: this share of the time that the last one
   * took, and no more than so many milliseconds.
   */
  readonly gather: { readonly share: number; readonly ms: number };
}

/** Challenges that wait for the TPM. */
export interface QuoteBatches {
  /** @throws CouldNotDecide if too many wait, it waits too long, it is aborted, or the quote fails. */
  readonly answer: (challenge: Challenge) => Promise<Evidence>;
  readonly waiting: () => number;
}

interface Waiting extends Challenge {
  readonly resolve: (evidence: Evidence) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers challenges that wait together by one quote, and takes one quote at a time. A quote serves only challenges that
 * were there before it was begun: evidence for a later one could have been made before it was asked for.
 *
 * @param quote takes the quote.
 */
export function createQuoteBatches(
  quote: (challenges: Challenges) => Promise<readonly Evidence[]>,
  limits: BatchLimits,
): QuoteBatches {
  const queue = new Set<Waiting>();
  let pending = 0;
  let isQuoting = false;
  let arrived = (): void => undefined;

  const gather = (wanted: number, quoteMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(limits.gather.ms, quoteMs * limits.gather.share));
      arrived = () => {
        if (queue.size < wanted) return;
        clearTimeout(timer);
        resolve();
      };
      arrived();
    });

  const quoteAll = async (): Promise<void> => {
    if (isQuoting) return;
    isQuoting = true;
    let [answered, quoteMs] = [0, 0];
    while (queue.size > 0) {
      // Where many ask at once they ask again within milliseconds, too late for a quote that is begun at once; half of them
      // would be one quote behind the other half for ever.
      if (answered > 1) await gather(Math.min(queue.size + answered, limits.together), quoteMs);
      const batch = takeBatch(queue, limits.together);
      answered = batch.length;
      const begun = performance.now();
      await answerBatch(batch, quote);
      quoteMs = performance.now() - begun;
    }
    isQuoting = false;
  };

  return {
    waiting: () => pending,
    answer: async (challenge) => {
      if (pending >= limits.waiting) throw new CouldNotDecide('too many challenges wait for the TPM');
      pending++;
      try {
        return await wait(challenge, limits.waitingMs, queue, () => {
          arrived();
          void quoteAll();
        });
      } finally {
        pending--;
      }
    },
  };
}

/** Waits in the queue; whoever gives up, or went away, leaves it, and is not quoted for. */
async function wait(
  challenge: Challenge,
  waitingMs: number,
  queue: Set<Waiting>,
  entered: () => void,
): Promise<Evidence> {
  let entry: Waiting | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Evidence>((resolve, reject) => {
      const giveUp = (why: string): void => {
        reject(new CouldNotDecide(why));
      };
      timer = setTimeout(giveUp, waitingMs, `the TPM has not answered within ${waitingMs / 1000} s`);
      const { signal } = challenge;
      if (signal.aborted) giveUp('the client went away');
      signal.addEventListener('abort', () => {
        giveUp('the client went away');
      });
      entry = { ...challenge, resolve, reject };
      queue.add(entry);
      if (!signal.aborted) entered();
    });
  } finally {
    clearTimeout(timer);
    if (entry !== undefined) queue.delete(entry);
  }
}

// The claims name one TLS key, so those who came by another wait for a quote of their own.
function takeBatch(queue: Set<Waiting>, together: number): readonly Waiting[] {
  const all = [...queue];
  const batch = all.filter(({ tlsKeySha256 }) => tlsKeySha256 === all[0]?.tlsKeySha256).slice(0, together);
  for (const entry of batch) queue.delete(entry);
  return batch;
}

async function answerBatch(
  batch: readonly Waiting[],
  quote: (challenges: Challenges) => Promise<readonly Evidence[]>,
): Promise<void> {
  const [first, ...others] = batch;
  if (first === undefined) return;
  try {
    const nonces: Challenges['nonces'] = [first.nonce, ...others.map(({ nonce }) => nonce)];
    const answers = await quote({ nonces, tlsKeySha256: first.tlsKeySha256 });
    for (const [index, { resolve, reject }] of batch.entries()) {
      const evidence = answers[index];
      if (evidence === undefined) reject(new CouldNotDecide('there is no evidence for this challenge'));
      else resolve(evidence);
    }
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
