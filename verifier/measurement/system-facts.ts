import type { AuthenticatedFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { afterFirmware } from './boot-part.ts';
import { measuredTexts } from './replay.ts';
import { readSystemWord, type SystemWord } from './system-word.ts';
import type { LogRecord } from './systemd-log.ts';

/** A word of systemd that was measured into a PCR since the firmware. */
export interface SystemFact {
  readonly pcr: number;
  readonly word: SystemWord;
}

/**
 * The words of systemd in the quoted PCRs, each PCR's in order; only those of which the TPM vouches for the text. That one is there says
 * that it was measured at that place in the order, and not by whom: root can add words, and take none away. NvPCRs are not part of a
 * quote, so nothing is believed of what the log says was measured into them (the activations of dm-verity devices).
 */
export function readSystemFacts(
  quote: QuotedPcrs,
  records: readonly LogRecord[],
  firmware: AuthenticatedFirmwareLog | null,
): readonly SystemFact[] {
  return [...quote.pcrs.keys()].flatMap((pcr) =>
    measuredTexts(quote, records, pcr, afterFirmware(firmware, pcr, quote.bank)).flatMap((text) => {
      const word = readSystemWord(text);
      return word === null ? [] : [{ pcr, word }];
    }),
  );
}
