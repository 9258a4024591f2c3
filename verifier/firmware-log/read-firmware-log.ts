import type { Branded } from '../bytes/branded.ts';
import type { DigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Reason, reason } from '../reasons.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { type FirmwareFacts, readFacts } from './firmware-facts.ts';
import { type FirmwareLog, parseFirmwareLog } from './firmware-log.ts';
import { extendingEvents, startupLocality } from './replay.ts';
import { type Continuation, replayQuoted } from './replay-quoted.ts';
import { checkEnd, checkSeparator, separatedPcrs } from './separators.ts';

/** What a firmware log proves. Made by `readFirmwareLog` alone. */
export type AuthenticatedFirmwareLog = Branded<
  {
    readonly format: FirmwareLog['format'];
    readonly bank: DigestName;
    /** At which the TPM was started: 0, 3, or 4 if by an H-CRTM. */
    readonly startupLocality: number;
    /**
     * What each quoted PCR held after the last event of the log: where the replay of what userspace measured into it begins. Facts are
     * all there is of a PCR only if it is among these.
     */
    readonly values: ReadonlyMap<number, Uint8Array>;
    /** Quoted PCRs of which the log has no event, and which hold something else: events may have been left out. */
    readonly unexplained: readonly number[];
    readonly facts: FirmwareFacts;
  },
  'AuthenticatedFirmwareLog'
>;

export type FirmwareVerdict =
  | { readonly read: true; readonly log: AuthenticatedFirmwareLog }
  | { readonly read: false; readonly reasons: readonly Reason[] };

/**
 * Authenticates a firmware's log by the quoted PCRs and reads its facts. Trusted on entry: the quote; the log and the continuation are
 * the host's word. On exit with `read` the digests of each event of a quoted PCR were extended in this order, by the firmware or by
 * whoever ran since (see `FirmwareFacts` for what that leaves open). Events of PCRs that are not quoted are passed over.
 *
 * `malformed`; `log-bank-missing`: no digests of the quote's bank; `log-replay-mismatch` and `log-event-added`: not what the quoted PCR
 * holds; `log-event-retyped`, `separator-invalid`, `log-event-late`: see `checkSeparator` and `checkEnd`. Never throws for anything in the log.
 *
 * @param bytes `binary_bios_measurements`.
 * @param continuation what userspace measured, where it is known; systemd extends PCRs of the firmware too ("os-separator").
 */
export function readFirmwareLog(
  bytes: Uint8Array,
  quote: QuotedPcrs,
  continuation: Continuation = new Map(),
): FirmwareVerdict {
  try {
    return authenticate(parseFirmwareLog(bytes), quote, continuation);
  } catch (error) {
    if (error instanceof Malformed)
      return { read: false, reasons: [reason(error.code, `${error.message}.`)] };
    throw error;
  }
}

function authenticate(
  log: FirmwareLog,
  { bank, pcrs }: QuotedPcrs,
  continuation: Continuation,
): FirmwareVerdict {
  if (!log.banks.includes(bank)) {
    const banks = log.banks.join(', ') || 'banks unknown here';
    return {
      read: false,
      reasons: [reason('log-bank-missing', `The firmware log has ${banks}, not ${bank}.`)],
    };
  }
  const events = extendingEvents(log);
  const locality = startupLocality(log);
  const replays = replayQuoted(log, { bank, pcrs }, events, { locality, continuation });
  if (replays.reasons.length > 0) return { read: false, reasons: replays.reasons };
  const reasons = [
    ...separatedPcrs
      .filter((pcr) => pcrs.has(pcr))
      .flatMap((pcr) => checkSeparator(log, pcr, events.get(pcr) ?? [], bank)),
    ...(pcrs.has(5) ? checkEnd(log, bank) : []),
  ];
  if (reasons.length > 0) return { read: false, reasons };
  const unexplained: readonly number[] = [...pcrs.keys()].filter((pcr) => !replays.values.has(pcr));
  const read = {
    format: log.format,
    bank,
    startupLocality: locality,
    values: replays.values,
    unexplained,
    facts: readFacts({ log, bank }, new Map([...events].filter(([pcr]) => replays.values.has(pcr)))),
  };
  return { read: true, log: read as AuthenticatedFirmwareLog };
}
