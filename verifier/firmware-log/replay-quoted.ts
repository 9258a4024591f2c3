import { digest, type DigestName } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { extendPcr } from '../tpm/pcr.ts';
import { describeEvent, type FirmwareEvent, type FirmwareLog } from './firmware-log.ts';
import { requiredDigest, startValue } from './replay.ts';
import { separatedPcrs } from './separators.ts';

/**
 * By PCR, the digests that the operating system extended after the firmware, in order and in the quote's bank. Whoever gives them for PCR
 * 8 or above has to understand every one: an event of the firmware's log can be moved here, out of sight. null: not all of it is
 * understood, so the PCR proves nothing of the firmware.
 */
export type Continuation = ReadonlyMap<number, readonly Uint8Array[] | null>;

interface Quoted {
  readonly bank: DigestName;
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

/**
 * Replays each quoted PCR and compares. A PCR without events that holds something else than a reset leaves is in neither part of the
 * answer: the kernel extends some without a word in these logs (IMA). Nor is one whose continuation is not understood.
 *
 * @returns for each PCR that agrees its value after the firmware's events, and why others do not.
 * @throws Malformed if an event of a quoted PCR has no digest of the bank.
 */
export function replayQuoted(
  log: FirmwareLog,
  { bank, pcrs }: Quoted,
  byPcr: ReadonlyMap<number, readonly FirmwareEvent[]>,
  { locality, continuation }: { readonly locality: number; readonly continuation: Continuation },
): { readonly values: ReadonlyMap<number, Uint8Array>; readonly reasons: readonly Reason[] } {
  const values = new Map<number, Uint8Array>();
  const reasons: Reason[] = [];
  for (const [pcr, quoted] of pcrs) {
    const events = byPcr.get(pcr) ?? [];
    let value = startValue(bank, pcr, locality);
    // The event after which the log should have ended, if it has only too much.
    let surplus: FirmwareEvent | undefined;
    for (const event of events) {
      if (surplus === undefined && Buffer.compare(value, quoted) === 0) surplus = event;
      value = extendPcr(bank, value, requiredDigest(log, event, bank));
    }
    const continued = continuation.get(pcr);
    if (separatedPcrs.includes(pcr) && !isEndedBySystemd(bank, continued)) {
      reasons.push(hidden(pcr));
      continue;
    }
    if (continued === null) continue;
    const final = (continued ?? []).reduce((sum, measured) => extendPcr(bank, sum, measured), value);
    if (Buffer.compare(final, quoted) === 0) values.set(pcr, value);
    else if (surplus !== undefined) reasons.push(added(surplus));
    else if (events.length > 0) reasons.push(mismatch(pcr, events, final, quoted));
  }
  return { values, reasons };
}

/** The one word that userspace, since systemd 261, measures into the firmware's PCRs (systemd-pcrosseparator.service). */
function isEndedBySystemd(bank: DigestName, continued: readonly Uint8Array[] | null | undefined): boolean {
  if (continued === undefined || continued === null) return continued !== null;
  const word = digest(bank, 'os-separator');
  return continued.every((measured) => Buffer.compare(word, measured) === 0);
}

// Else an image that the firmware started could be told as something that userspace measured.
function hidden(pcr: number): Reason {
  const message = `Userspace claims to have measured something else than systemd's os-separator into PCR ${pcr}.`;
  return reason('log-replay-mismatch', message);
}

function added(event: FirmwareEvent): Reason {
  const message = `The quoted value of PCR ${event.pcr} is that before ${describeEvent(event)}.`;
  return reason('log-event-added', `The firmware log has more than was quoted: ${message}`);
}

function mismatch(
  pcr: number,
  events: readonly FirmwareEvent[],
  final: Uint8Array,
  quoted: Uint8Array,
): Reason {
  const last = events.at(-1);
  const upTo = last === undefined ? '' : `, the last of them ${describeEvent(last)},`;
  const found = `${toHex(final)} where ${toHex(quoted)} was quoted`;
  return reason(
    'log-replay-mismatch',
    `The firmware log's ${events.length} events of PCR ${pcr}${upTo} replay to ${found}.`,
  );
}
