import { Cursor } from '../bytes/cursor.ts';
import { Malformed } from '../bytes/failures.ts';
import { guidText, utf16Text } from './efi-text.ts';

/** A UEFI variable as an event holds it. */
export interface EfiVariable {
  /** GUID of its name space. */
  readonly vendor: string;
  readonly name: string;
  /** A view of what was parsed. */
  readonly data: Uint8Array;
}

export const efiVendors = {
  global: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  imageSecurity: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
  shim: '605dab50-e046-4300-abb6-3dd810dd8b23',
} as const;

const maximumNameLength = 256;

/**
 * Parses UEFI_VARIABLE_DATA (TCG "PC Client Platform Firmware Profile", section 10.4.6).
 *
 * @param maximumPadding bytes that may follow; not 0 only where a writer is known to leave some.
 * @throws Malformed naming the field.
 */
export function parseEfiVariable(bytes: Uint8Array, maximumPadding = 0): EfiVariable {
  const cursor = new Cursor(bytes, 'little');
  const vendor = guidText(cursor.take(16, 'variable vendor'));
  const nameLength = cursor.u64Number('variable name length');
  const dataBytes = cursor.u64Number('variable data length');
  if (nameLength > maximumNameLength)
    throw new Malformed('variable name', `is longer than ${maximumNameLength} characters`);
  const name = utf16Text(cursor.take(nameLength * 2, 'variable name'));
  if (name === null) throw new Malformed('variable name', 'is not text');
  const data = cursor.take(dataBytes, 'variable data');
  if (cursor.remaining > maximumPadding) cursor.end('variable');
  return { vendor, name, data };
}
