import type { Evidence } from '../../verifier/evidence/evidence.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { createBootLogReader } from '../host/boot-log.ts';
import { within } from '../os/within.ts';
import { type Activate, createActivation } from './activation.ts';
import { attest } from './attest.ts';
import type { AttesterOptions } from './attester-options.ts';
import { createHostFollower, type HostListener } from './follow-host.ts';
import type { HostIdentity } from './identity.ts';
import { type HostState, readHostState } from './host-state.ts';
import { observeMerged } from './observe-merged.ts';
import { type BatchLimits, type Challenge, createQuoteBatches } from './quote-batches.ts';
import { remembered } from './remembered.ts';

/** The host's side of attestation: its keys, and evidence for challenges. */
export interface Attester {
  readonly identity: Identity;
  /** Whether the attestation key was there before this start. */
  readonly keyOrigin: HostIdentity['origin'];
  /**
   * @param nonce the verifier's, 16 to 64 bytes.
   * @param asked by which connection, and who waits for the answer; without TLS and with patience if not given.
   * @throws CouldNotDecide if the TPM does not answer, the log cannot be read, or too many challenges wait.
   */
  readonly attest: (nonce: Uint8Array, asked?: Omit<Challenge, 'nonce'>) => Promise<Evidence>;
  readonly activate: Activate;
  /** Tells `observer` of every quote from now on. */
  readonly observeQuotes: (observer: QuoteObserver) => void;
  /** Challenges that wait for the TPM or are being answered. */
  readonly waiting: () => number;
  /** What log and mounts say, read at most once a second. @throws CouldNotDecide */
  readonly state: () => Promise<HostState>;
  /** Tells `listener` of the state now and whenever it has changed, until what is returned is called. */
  readonly follow: (listener: HostListener) => () => void;
  /** Done if evidence could be given now, by what is known of log and TPM. @throws CouldNotDecide if not, in 3 seconds. */
  readonly ready: () => Promise<void>;
}

/** How a quote ended that was asked of the TPM, and how long it took, with the log and PCRs that belong to it. */
export interface QuoteEvent {
  /** Challenges that it was to answer. */
  readonly challenges: number;
  readonly seconds: number;
  readonly outcome: 'answered' | 'failed';
}

export type QuoteObserver = (event: QuoteEvent) => void;

/**
 * A chip signs a few times a second, so all that fit are answered within two or three quotes; the time they wait is
 * shorter than that of clients, who should learn from us that the TPM hangs.
 */
export const defaultBatchLimits: BatchLimits = {
  ...{ waiting: 512, together: 256, waitingMs: 15_000 },
  gather: { share: 0.25, ms: 50 },
};

const readyWithinMs = 3_000;
/** A TPM that answered within this time is not asked again whether it is there. */
const tpmKnownMs = 10_000;
/** However many ask, log and mounts are read no more often. */
const stateKnownMs = 1_000;

/** An attester that lets challenges share quotes, and asks the TPM for one at a time. */
export function createAttester(options: AttesterOptions, limits: BatchLimits = defaultBatchLimits): Attester {
  const observers: QuoteObserver[] = [];
  const { root, firmwareLog, observe = () => observeMerged(root) } = options;
  const source = { ...options, readBootLog: createBootLogReader(root, firmwareLog), observe };
  const batches = createQuoteBatches(async (challenges) => {
    const begun = performance.now();
    const tell = (outcome: 'answered' | 'failed'): void => {
      const seconds = (performance.now() - begun) / 1000;
      for (const observe of observers) observe({ challenges: challenges.nonces.length, seconds, outcome });
    };
    try {
      const answers = await attest(source, challenges);
      tell('answered');
      return answers;
    } catch (error) {
      tell('failed');
      throw error;
    }
  }, limits);
  const state = remembered(stateKnownMs, () => readHostState(root, options.measurePcr));
  const tpm = remembered(tpmKnownMs, () => options.device.readPcrs('sha256', [options.measurePcr]));
  return {
    identity: options.identity,
    keyOrigin: options.origin,
    activate: createActivation(options),
    observeQuotes: (observer) => void observers.push(observer),
    waiting: batches.waiting,
    state,
    follow: createHostFollower(state, stateKnownMs + 100),
    attest: (nonce, asked = { tlsKeySha256: null, signal: new AbortController().signal }) =>
      batches.answer({ nonce, ...asked }),
    ready: async () => {
      const late = `the TPM has not answered within ${readyWithinMs / 1000} s`;
      await within(readyWithinMs, late, Promise.all([tpm(), state()]));
    },
  };
}
