import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { Claims } from '../evidence/claims.ts';
import { type Reason, reason } from '../reasons.ts';

/**
 * Compares the userspace log in the evidence with what the claims say of it. The quote covers the claims, so this tells
 * a log that was changed on its way (and how) from one that the host itself never measured; the replay decides about
 * the latter.
 */
export function checkLogClaim(
  log: Uint8Array,
  records: number,
  claim: Claims['logs']['userspace'],
): Reason[] {
  if (records < claim.records) {
    return [
      reason('log-event-missing', `The log has ${records} events where the quote covers ${claim.records}.`),
    ];
  }
  if (records > claim.records) {
    return [
      reason('log-event-added', `The log has ${records} events where the quote covers ${claim.records}.`),
    ];
  }
  if (log.length !== claim.bytes || toHex(digest('sha256', log)) !== claim.sha256) {
    return [reason('log-event-edited', 'The log is not byte for byte the one that the quote covers.')];
  }
  return [];
}

/** Whether the firmware log, or its absence, is what the claims say, and so what the quote covers. */
export function checkFirmwareLogClaim(log: Uint8Array | null, claim: Claims['logs']['firmware']): Reason[] {
  const same =
    log === null || claim === null
      ? log === claim
      : log.length === claim.bytes && toHex(digest('sha256', log)) === claim.sha256;
  return same ? [] : [reason('log-event-edited', 'The firmware log is not the one that the quote covers.')];
}

/** A log that says of itself that an event may be missing is not forgiven: the missing one could be the bad one. */
export function checkLogComplete(claim: Claims['logs']['userspace']): Reason[] {
  if (!claim.incomplete) return [];
  const message =
    'The host says that a writer of its measurement log died between extending the PCR and logging it.';
  return [reason('log-incomplete', `${message} Reboot the host to start a new log.`)];
}
