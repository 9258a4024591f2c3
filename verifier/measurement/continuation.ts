import { digest, type DigestName } from '../bytes/digest.ts';
import type { Continuation } from '../firmware-log/replay-quoted.ts';
import { isInPlace, readSystemWord } from './system-word.ts';
import type { LogRecord } from './systemd-log.ts';

/**
 * What user space measured into each PCR after the firmware, by its own log: what `readFirmwareLog` needs to tell the firmware's part of
 * a PCR from the rest.
 *
 * Only what is understood counts: of the extension PCR texts that hash to their digests (`readExtensionHistory` then refuses all
 * that nobody here writes), of the others words of systemd where systemd measures them. Root could otherwise hand in an
 * event of the firmware or the boot loader, such as a line of GRUB, as something that user space measured, and with that take it
 * out of the facts. A PCR with anything else has null: it proves nothing of the firmware.
 */
export function continuationOf(
  records: readonly LogRecord[],
  bank: DigestName,
  measurePcr: number,
): Continuation {
  const byPcr = new Map<number, Uint8Array[] | null>();
  for (const record of records) {
    if (record.register.kind !== 'pcr') continue;
    const pcr = record.register.index;
    const before = byPcr.get(pcr) ?? [];
    const measured = record.digests.get(bank);
    if (
      byPcr.get(pcr) === null ||
      measured === undefined ||
      !isUnderstood(record, measured, bank, measurePcr)
    )
      byPcr.set(pcr, null);
    else {
      before.push(measured);
      byPcr.set(pcr, before);
    }
  }
  return byPcr;
}

function isUnderstood(
  { text, register }: LogRecord,
  measured: Uint8Array,
  bank: DigestName,
  measurePcr: number,
): boolean {
  if (text === null || Buffer.compare(digest(bank, text), measured) !== 0) return false;
  if (register.kind === 'pcr' && register.index === measurePcr) return true;
  const word = readSystemWord(text);
  return word !== null && isInPlace(word, register);
}
