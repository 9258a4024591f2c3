import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { Policy } from '../policy/policy.ts';
import type { Appraisal } from './appraisal.ts';
import { appraiseWith, type HostAnswer } from './appraise.ts';
import { createRecall } from './recall.ts';

/** What stays the same for all hosts that a verifier asks. */
export interface AppraiserSettings {
  readonly policy: Policy;
  /** Firmware logs that hosts need not send. They must not change any more. */
  readonly knownFirmwareLogs?: readonly Uint8Array[];
  readonly knownBootDigests?: ReadonlySet<string>;
  /** Hosts of which the last evidence is remembered, some 10 KB and the logs of each; 4096 if not given, 0: none. */
  readonly rememberedHosts?: number;
}

/** Appraises as `appraise` does, and takes no step twice that it has taken for the same bytes. */
export interface Appraiser {
  /** @throws Malformed as `appraise`. */
  readonly appraise: (answer: HostAnswer) => Appraisal;
}

/**
 * An appraiser for one policy. Each answer's quote, nonce, key and clock are verified anew; what evidence of a host has in common with
 * its last, to the byte, is not parsed, hashed and replayed again, nor the same signature of an image verified again within a
 * second.
 */
export function createAppraiser(settings: AppraiserSettings): Appraiser {
  const { policy, knownFirmwareLogs = [], knownBootDigests, rememberedHosts = 4096 } = settings;
  const recall = createRecall(rememberedHosts);
  const known = new Map(knownFirmwareLogs.map((log) => [toHex(digest('sha256', log)), log]));
  const fixed = { policy, knownFirmwareLogs: known, knownBootDigests };
  return { appraise: (answer) => appraiseWith(answer, fixed, recall) };
}
