import type { Branded } from '../bytes/branded.ts';
import { digest, type DigestName } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { extendPcr, initialPcr } from '../tpm/pcr.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { afterFirmware, type RegisterStart } from './boot-part.ts';
import type { LogRecord } from './systemd-log.ts';

/** The texts measured into a PCR since boot, all of them and in order, as the TPM vouches for. Made by `replayLog` alone. */
export type ReplayedLog = Branded<
  { readonly pcr: number; readonly events: readonly string[] },
  'ReplayedLog'
>;

export type ReplayVerdict =
  | { readonly replayed: true; readonly log: ReplayedLog }
  | { readonly replayed: false; readonly reasons: readonly Reason[] };

/**
 * Authenticates the log's records of one PCR by the quoted value of that PCR: their digests, extended from where the firmware
 * left it in the quote's bank, must give that value, and each text must hash to its digest. Only the digests and their order are
 * what the TPM vouches for, so a text with another hash, or none, is refused whatever else it says. What the firmware's part may
 * hide is not asked here; see `checkBootPart`.
 *
 * `log-replay-mismatch`: an event is missing, added, moved or was never measured, or the PCR was not quoted;
 * `log-event-edited`: a text is not the one that was measured. Records are counted from 1 over the whole log.
 *
 * @param start zeros, if the firmware measured nothing into the PCR.
 */
export function replayLog(
  quote: QuotedPcrs,
  records: readonly LogRecord[],
  pcr: number,
  start: RegisterStart = afterFirmware(null, pcr, quote.bank),
): ReplayVerdict {
  const own = recordsOf(records, pcr);
  const reasons = [...checkValue(quote, own, pcr, start), ...checkTexts(quote.bank, own, pcr)];
  if (reasons.length > 0) return { replayed: false, reasons };
  const events: readonly string[] = own.map(({ record }) => record.text).filter((text) => text !== null);
  return { replayed: true, log: { pcr, events } as ReplayedLog };
}

/**
 * The texts that a PCR vouches for, oldest first, where its records replay; those of records that hold no measured text, as systemd's of
 * volume keys, are left out. None where they do not replay.
 */
export function measuredTexts(
  quote: QuotedPcrs,
  records: readonly LogRecord[],
  pcr: number,
  start: RegisterStart,
): readonly string[] {
  const own = recordsOf(records, pcr);
  if (own.length === 0 || checkValue(quote, own, pcr, start).length > 0) return [];
  return own.flatMap(({ record }) => (isMeasuredText(record, quote.bank) ? (record.text ?? []) : []));
}

interface NumberedRecord {
  readonly number: number;
  readonly record: LogRecord;
}

function recordsOf(records: readonly LogRecord[], pcr: number): NumberedRecord[] {
  return records
    .map((record, index) => ({ number: index + 1, record }))
    .filter(({ record: { register } }) => register.kind === 'pcr' && register.index === pcr);
}

function checkValue(
  { bank, pcrs }: QuotedPcrs,
  own: readonly NumberedRecord[],
  pcr: number,
  start: RegisterStart,
): Reason[] {
  const quoted = pcrs.get(pcr);
  if (quoted === undefined) return [reason('log-replay-mismatch', `PCR ${pcr} is not in the quote.`)];
  if (start.pcr !== pcr || start.bank !== bank)
    return [reason('log-replay-mismatch', `The firmware's part is of PCR ${start.pcr} in ${start.bank}.`)];
  let { value } = start;
  for (const { number, record } of own) {
    const measured = record.digests.get(bank);
    if (measured === undefined) {
      return [reason('log-replay-mismatch', `Record ${number} of the log has no ${bank} digest.`)];
    }
    value = extendPcr(bank, value, measured);
  }
  if (Buffer.compare(value, quoted) === 0) return [];
  const found = `${own.length} events of PCR ${pcr} replay to ${toHex(value)} where ${toHex(quoted)} was quoted`;
  return [reason('log-replay-mismatch', `The log's ${found}.`)];
}

/** Answers with the first one only: a hostile log could have a hundred thousand. */
function checkTexts(bank: DigestName, own: readonly NumberedRecord[], pcr: number): Reason[] {
  const edited = own.find(({ record }) => !isMeasuredText(record, bank));
  if (edited === undefined) return [];
  const message = `The text in record ${edited.number} of the log is not what was measured into PCR ${pcr}.`;
  return [reason('log-event-edited', message)];
}

function isMeasuredText({ text, digests }: LogRecord, bank: DigestName): boolean {
  const measured = digests.get(bank);
  // Without a digest the record does not replay, which is the better word for what is wrong with it.
  if (measured === undefined) return true;
  return text !== null && Buffer.compare(digest(bank, text), measured) === 0;
}

/**
 * How many records of the log lead to a value of a PCR: the shortest such prefix, for cutting a log at the state that was
 * quoted. null if none does, or if a record of the PCR before it has no digest of the bank.
 *
 * @param start what the PCR held before the first record.
 */
export function replayPrefixLength(
  records: readonly LogRecord[],
  pcr: number,
  bank: DigestName,
  value: Uint8Array,
  start: Uint8Array = initialPcr(bank),
): number | null {
  let replayed = start;
  if (Buffer.compare(replayed, value) === 0) return 0;
  for (const { number, record } of recordsOf(records, pcr)) {
    const measured = record.digests.get(bank);
    if (measured === undefined) return null;
    replayed = extendPcr(bank, replayed, measured);
    if (Buffer.compare(replayed, value) === 0) return number;
  }
  return null;
}
