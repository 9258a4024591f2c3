import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { utf8Text } from './efi-text.ts';
import { efiVendors, parseEfiVariable } from './efi-variable.ts';
import type { FirmwareEvent } from './firmware-log.ts';
import { type BankedLog, measuredPart } from './measured-data.ts';
import { type EfiSignature, parseSignatureData } from './signature-list.ts';

/**
 * What let an image start, or a setting of shim. Root can add such events later, and none can be taken away: that all of them
 * are allowed means something, that one is there means nothing.
 */
export interface Authority {
  /** Of the event. */
  readonly number: number;
  /** The variable it comes from: `db` of the firmware, or shim's own such as `Shim`, `MokList`, `SbatLevel`. */
  readonly variable: string;
  readonly vendor: string;
  readonly content: AuthorityContent;
}

export type AuthorityContent =
  | EfiSignature
  | { readonly kind: 'sbat-level'; readonly text: string; readonly date: string | null }
  | { readonly kind: 'bytes'; readonly data: Hex };

/** shim before version 15.5 logs up to this many bytes after the variable, and hashes all but the last of them. */
const shimPadding = 8;

/**
 * Reads an EV_EFI_VARIABLE_AUTHORITY event; null if its data is not what was measured, or none.
 */
export function readAuthority(log: BankedLog, event: FirmwareEvent): Authority | null {
  const measured = measuredPart(log, event) ?? measuredPart(log, event, 0, Math.max(0, event.dataBytes - 1));
  if (measured === null) return null;
  try {
    const { vendor, name, data } = parseEfiVariable(measured, shimPadding);
    // Else a variable of the configuration could be retyped, so that what Secure Boot was told goes unread.
    const known = vendor === efiVendors.shim || (vendor === efiVendors.imageSecurity && databases.has(name));
    return known ? { number: event.number, variable: name, vendor, content: contentOf(name, data) } : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

const databases: ReadonlySet<string> = new Set(['db', 'dbx']);
const signedBy: ReadonlySet<string> = new Set(['db', 'dbx', 'Shim', 'MokList', 'MokListX']);

/** The firmware measures EFI_SIGNATURE_DATA, shim (README.tpm) a certificate or a hash without its owner, and settings as they are. */
function contentOf(name: string, data: Uint8Array): AuthorityContent {
  if (signedBy.has(name))
    return isDerSequence(data) || data.length === 32 ? withoutOwner(data) : parseSignatureData(data);
  const text = name === 'SbatLevel' ? utf8Text(data) : null;
  return text === null
    ? { kind: 'bytes', data: toHex(data) }
    : { kind: 'sbat-level', text, date: sbatDate(text) };
}

/** A SEQUENCE with a length of two bytes that fills the data (ITU-T X.690, section 8.1.3.5). */
function isDerSequence(data: Uint8Array): boolean {
  const [tag, form, high = 0, low = 0] = data;
  return tag === 0x30 && form === 0x82 && 4 + high * 256 + low === data.length;
}

function withoutOwner(data: Uint8Array): EfiSignature {
  return isDerSequence(data)
    ? { kind: 'certificate', owner: null, der: Uint8Array.from(data), sha256: toHex(digest('sha256', data)) }
    : { kind: 'sha256', owner: null, sha256: toHex(data) };
}

/** The first line of a level is `sbat,1,YYYYMMDDNN` (shim's SBAT.md). */
function sbatDate(text: string): string | null {
  const found = /^sbat,\d+,(\d{4})(\d{2})(\d{2})\d{2}(?:\n|$)/.exec(text);
  return found === null ? null : `${found[1]}-${found[2]}-${found[3]}`;
}
