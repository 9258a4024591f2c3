import { digest, type DigestName } from '../bytes/digest.ts';
import { eventData, eventDigest, type FirmwareEvent, type FirmwareLog } from './firmware-log.ts';

/** A log and the bank by which it was authenticated. */
export interface BankedLog {
  readonly log: FirmwareLog;
  readonly bank: DigestName;
}

/** Variables are some kilobytes; what is longer is left unread. */
const maximumReadBytes = 1024 * 1024;

/**
 * A part of an event's data, if that part is what was measured: only then it is what the TPM vouches for. The type that an
 * event claims is never vouched for, so it may choose which part to try, and nothing else.
 */
export function measuredPart(
  { log, bank }: BankedLog,
  event: FirmwareEvent,
  start = 0,
  end: number = event.dataBytes,
): Uint8Array | null {
  if (event.dataBytes > maximumReadBytes || start > end) return null;
  const part = eventData(log, event).subarray(start, end);
  const measured = eventDigest(log, event, bank);
  return measured !== null && Buffer.compare(digest(bank, part), measured) === 0 ? part : null;
}
