import type { Hex } from '../bytes/hex.ts';
import type { SecureBoot } from '../firmware-log/secure-boot.ts';
import type { AuthenticatedFirmwareLog } from '../firmware-log/read-firmware-log.ts';

/** What a firmware log proves, in short. Everything in it is as the quote has it; paths and names, the log writer's word, are left out. */
export interface FirmwareSummary {
  readonly secureBoot: {
    readonly state: 'on' | 'off' | 'unclear';
    /** Why it is unclear; else null. */
    readonly message: string | null;
    /** Entries of the revocation list; null where it is unclear. */
    readonly dbxEntries: number | null;
    /** The day of shim's revocation level, `YYYY-MM-DD`; null where none was measured. */
    readonly sbatDate: string | null;
  };
  /** Authenticode digests of what was started, in order (PCR 4). */
  readonly images: readonly Hex[];
  /** Of a unified kernel image (PCR 11). */
  readonly sections: readonly { readonly name: string; readonly digest: Hex }[];
  /** Quoted PCRs of which the logs do not say how they came about. */
  readonly unexplainedPcrs: readonly number[];
}

const imagePcr = 4;

export function toFirmwareSummary({ facts, unexplained }: AuthenticatedFirmwareLog): FirmwareSummary {
  return {
    secureBoot: ofSecureBoot(facts.secureBoot),
    images: facts.images.filter(({ pcr }) => pcr === imagePcr).map(({ digest }) => digest),
    sections: facts.sections.map(({ name, digest }) => ({ name, digest })),
    unexplainedPcrs: unexplained,
  };
}

function ofSecureBoot(read: SecureBoot): FirmwareSummary['secureBoot'] {
  if (!read.known) {
    const message = read.reasons[0]?.message ?? null;
    return { state: 'unclear', message, dbxEntries: null, sbatDate: null };
  }
  const dates = read.authorities.flatMap(({ content }) =>
    content.kind === 'sbat-level' && content.date !== null ? [content.date] : [],
  );
  return {
    state: read.enabled ? 'on' : 'off',
    message: null,
    dbxEntries: read.dbx.length,
    // Root can measure another level later, so the oldest is the one that counts.
    sbatDate: dates.sort()[0] ?? null,
  };
}
