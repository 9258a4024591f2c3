import { Cursor } from '../bytes/cursor.ts';
import type { DigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { hashByIdentifier, hashIdentifier } from '../tpm/algorithms.ts';
import { eventType, eventTypeName } from './event-types.ts';
import { type LogHeader, parseLogHeader } from './log-header.ts';

/** One event: where its parts are in the log. Nothing of it is authenticated. */
export interface FirmwareEvent {
  /** Counted as tpm2_eventlog counts: the first event of the log, a header too, is 0. */
  readonly number: number;
  /** Byte offset in the log. */
  readonly offset: number;
  readonly pcr: number;
  /** The log writer's word, see `eventType`. */
  readonly claimedType: number;
  readonly digestsAt: number;
  readonly dataAt: number;
  readonly dataBytes: number;
}

/** A TCG event log as parsed, not authenticated; events are views of `bytes`. */
export interface FirmwareLog {
  readonly format: LogHeader['format'];
  /** Banks known here that the header names. */
  readonly banks: readonly DigestName[];
  readonly bytes: Uint8Array;
  readonly digestSizes: LogHeader['digestSizes'];
  /** Without the header of a crypto-agile log. */
  readonly events: readonly FirmwareEvent[];
}

export const maximumFirmwareLogBytes = 64 * 1024 * 1024;
/** A boot by GRUB makes some hundred. */
const maximumEvents = 65_536;
const highestPcr = 23;

/**
 * Parses a firmware's measurement log as Linux gives it (`binary_bios_measurements`): crypto-agile, or of SHA-1 alone (TCG
 * "PC Client Platform Firmware Profile", sections 10.2.1 and 10.2.2). Costs memory for the events' places, none for their bytes.
 *
 * @throws Malformed naming the event and its offset: cut short, bytes after the last event, digests that the header does
 *   not announce or twice, PCRs that do not exist, too long.
 */
export function parseFirmwareLog(bytes: Uint8Array): FirmwareLog {
  if (bytes.length > maximumFirmwareLogBytes)
    throw new Malformed('firmware log', `is longer than ${maximumFirmwareLogBytes} bytes`);
  const header = parseLogHeader(bytes);
  const cursor = new Cursor(bytes, 'little');
  cursor.skip(header.eventsAt, 'firmware log header');
  const events: FirmwareEvent[] = [];
  const first = header.eventsAt === 0 ? 0 : 1;
  while (cursor.remaining > 0) {
    if (events.length === maximumEvents)
      throw new Malformed('firmware log', `has more than ${maximumEvents} events`, cursor.offset);
    events.push(readEvent(cursor, header, first + events.length));
  }
  const banks = [...header.digestSizes.keys()].map(hashByIdentifier).filter((name) => name !== undefined);
  return { format: header.format, banks, bytes, digestSizes: header.digestSizes, events };
}

function readEvent(cursor: Cursor, header: LogHeader, number: number): FirmwareEvent {
  const field = `firmware log event ${number}`;
  const { offset } = cursor;
  const pcr = cursor.u32(field);
  const claimedType = cursor.u32(field);
  // Events that extend nothing may name other registers, as NV indices by 0xffffffff.
  if (pcr > highestPcr && claimedType !== eventType.noAction)
    throw new Malformed(field, `is of PCR ${pcr}`, offset);
  const digestsAt = cursor.offset;
  if (header.format === 'sha1') cursor.skip(20, field);
  else passDigests(cursor, header.digestSizes, field);
  const dataBytes = cursor.u32(field);
  const dataAt = cursor.offset;
  cursor.skip(dataBytes, field);
  return { number, offset, pcr, claimedType, digestsAt, dataAt, dataBytes };
}

/** TPML_DIGEST_VALUES (TCG "TPM 2.0 Library Part 2", section 10.9.7), little-endian in logs. */
function passDigests(cursor: Cursor, sizes: LogHeader['digestSizes'], field: string): void {
  const { offset } = cursor;
  const count = cursor.u32(field);
  if (count < 1 || count > sizes.size) throw new Malformed(field, `has ${count} digests`, offset);
  const seen: number[] = [];
  for (let index = 0; index < count; index++) {
    const at = cursor.offset;
    const identifier = cursor.u16(field);
    const size = sizes.get(identifier);
    // Twice the same bank: one reader would take the first digest and another the second.
    if (size === undefined || seen.includes(identifier))
      throw new Malformed(field, `has a digest of algorithm 0x${identifier.toString(16)} too many`, at);
    seen.push(identifier);
    cursor.skip(size, field);
  }
}

/** The digest of an event in a bank, a view of the log; null if it has none. */
export function eventDigest(log: FirmwareLog, event: FirmwareEvent, bank: DigestName): Uint8Array | null {
  const wanted = hashIdentifier(bank);
  if (log.format === 'sha1')
    return bank === 'sha1' ? log.bytes.subarray(event.digestsAt, event.digestsAt + 20) : null;
  const { bytes, digestSizes } = log;
  // The event was read before: its count and sizes lie within the log.
  const sizeFieldBytes = 4;
  for (let at = event.digestsAt + sizeFieldBytes; at < event.dataAt - sizeFieldBytes;) {
    const identifier = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    const size = digestSizes.get(identifier) ?? 0;
    if (identifier === wanted) return bytes.subarray(at + 2, at + 2 + size);
    at += 2 + size;
  }
  return null;
}

/** The data of an event, a view of the log. Not authenticated; see `measuredData`. */
export function eventData(log: FirmwareLog, event: FirmwareEvent): Uint8Array {
  return log.bytes.subarray(event.dataAt, event.dataAt + event.dataBytes);
}

/** An event for a person: `event 12 (PCR 7, EV_SEPARATOR, byte 3412)`. */
export function describeEvent({ number, pcr, claimedType, offset }: FirmwareEvent): string {
  return `event ${number} (PCR ${pcr}, ${eventTypeName(claimedType)}, byte ${offset})`;
}
