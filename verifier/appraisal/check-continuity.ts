import { type Reason, reason } from '../reasons.ts';
import type { ClockInfo } from '../tpm/attested.ts';

/** What a host proved at one moment: all of it covered by a quote that was verified. */
export interface ProvedMoment {
  readonly clockInfo: ClockInfo;
  /** Of the TPM; its maker's numbers. */
  readonly firmwareVersion: bigint;
  readonly bootId: string;
  /** The userspace log. */
  readonly log: Uint8Array;
}

/**
 * Checks that evidence continues what the same host proved before: its TPM's counters and clock went on, a new boot is a
 * reset of the TPM and no boot is one without the other, and within a boot the log only grew.
 *
 * A TPM that is reset without its host forgets what was measured, and its PCRs can be extended to what they should be; its
 * reset counter tells (facts of bus attacks on discrete TPMs). TPM 2.0 Part 1, section "Clock", has the rules: the clock
 * goes back only over a reset, and then `safe` is not set; counters go back only when the TPM is cleared, which ends its keys.
 */
export function checkContinuity(now: ProvedMoment, before: ProvedMoment): Reason[] {
  const reasons = checkClock(now.clockInfo, before.clockInfo);
  if (reasons.length > 0) return reasons;
  const sameReset = now.clockInfo.resetCount === before.clockInfo.resetCount;
  const sameBoot = now.bootId === before.bootId;
  if (sameBoot && !sameReset)
    return [
      backwards('The TPM was reset since the last evidence, and the host says that it was not booted again.'),
    ];
  if (!sameBoot && sameReset)
    return [backwards('The host was booted again since the last evidence without a reset of its TPM.')];
  // New firmware begins with a reset. Whether it may be older is a policy's to say.
  if (sameReset && now.firmwareVersion !== before.firmwareVersion)
    return [backwards('The TPM has other firmware than with the last evidence, and was not reset.')];
  return sameBoot ? checkLogGrew(now, before) : [];
}

function checkClock(now: ClockInfo, before: ClockInfo): Reason[] {
  if (now.resetCount < before.resetCount)
    return [
      backwards(`The TPM counts ${now.resetCount} resets; it had counted ${before.resetCount} before.`),
    ];
  const sameReset = now.resetCount === before.resetCount;
  if (sameReset && now.restartCount < before.restartCount)
    return [
      backwards(`The TPM counts ${now.restartCount} restarts; it had counted ${before.restartCount} before.`),
    ];
  if ((sameReset || now.safe) && now.clock < before.clock)
    return [backwards(`The clock of the TPM shows ${now.clock} ms; it had shown ${before.clock} before.`)];
  return [];
}

function checkLogGrew({ log: now }: ProvedMoment, { log: before }: ProvedMoment): Reason[] {
  const begin = now.subarray(0, before.length);
  if (Buffer.compare(begin, before) === 0) return [];
  return [backwards('The measurement log does not begin with the log of the last evidence of this boot.')];
}

function backwards(message: string): Reason {
  return reason('discontinuous', message);
}
