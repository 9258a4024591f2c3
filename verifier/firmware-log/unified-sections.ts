import { digest } from '../bytes/digest.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { terminatedUtf16Text } from './efi-text.ts';
import { eventType } from './event-types.ts';
import { eventData, eventDigest, type FirmwareEvent } from './firmware-log.ts';
import type { BankedLog } from './measured-data.ts';

/** A section of a unified kernel image that systemd-stub measured, as `.linux` or `.cmdline`; `digest` is of its content. */
export interface UnifiedSection {
  /** Of the event of the content. */
  readonly number: number;
  readonly name: string;
  readonly digest: Hex;
}

/**
 * Reads PCR 11 as systemd-stub extends it (systemd src/boot/stub.c, measure_sections()): for each section first the name, in ASCII with
 * its NUL, then the content. Only the digests say what is a name, and places say what is a content: from the first event on that breaks
 * this order nothing is read.
 *
 * @param events those that extend PCR 11, in order.
 * @returns the sections, and the events that are none.
 */
export function readUnifiedSections(
  log: BankedLog,
  events: readonly FirmwareEvent[],
): { readonly sections: readonly UnifiedSection[]; readonly rest: readonly FirmwareEvent[] } {
  const sections: UnifiedSection[] = [];
  for (let index = 0; index + 1 < events.length; index += 2) {
    const [nameEvent, content] = [events[index], events[index + 1]];
    if (nameEvent === undefined || content === undefined) break;
    const name = measuredName(log, nameEvent);
    const measured = eventDigest(log.log, content, log.bank);
    if (name === null || measured === null) break;
    sections.push({ number: content.number, name, digest: toHex(measured) });
  }
  return { sections, rest: events.slice(sections.length * 2) };
}

/** The event holds the name in UTF-16; what is hashed is the name in ASCII. */
function measuredName({ log, bank }: BankedLog, event: FirmwareEvent): string | null {
  if (event.claimedType !== eventType.ipl || event.dataBytes > 64) return null;
  const name = terminatedUtf16Text(eventData(log, event));
  if (name === null || !/^\.[\x21-\x7e]+$/.test(name)) return null;
  const measured = eventDigest(log, event, bank);
  return measured !== null && Buffer.compare(digest(bank, `${name}\0`), measured) === 0 ? name : null;
}
