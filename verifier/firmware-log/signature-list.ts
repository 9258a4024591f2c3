import { Cursor } from '../bytes/cursor.ts';
import { digest } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { guidText } from './efi-text.ts';

/** An entry of a signature database; `owner` is the GUID of who asked for it, by their own word, or null where none is said. */
export type EfiSignature =
  | { readonly kind: 'sha256'; readonly owner: string | null; readonly sha256: Hex }
  | {
      readonly kind: 'certificate';
      readonly owner: string | null;
      /** An X.509 certificate, DER; parsed by nobody yet. */
      readonly der: Uint8Array;
      /** Of `der`. */
      readonly sha256: Hex;
    }
  | {
      /** Hash of a certificate's signed part; whatever it signs is refused, from a time on if one is given. */
      readonly kind: 'certificate-sha256';
      readonly owner: string | null;
      readonly sha256: Hex;
    }
  | { readonly kind: 'other'; readonly owner: string | null; readonly type: string; readonly data: Hex };

const signatureTypes = {
  sha256: 'c1c41626-504c-4092-aca9-41f936934328',
  x509: 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072',
  x509Sha256: '3bd2a492-96c0-4079-b420-fcf98ef103ed',
} as const;

const ownerBytes = 16;
const sha256Bytes = 32;
const timeBytes = 16;

/**
 * Parses the content of a variable like db: EFI_SIGNATURE_LISTs one after another (UEFI specification 2.10, section 32.4.1). No
 * bytes are an empty database.
 *
 * @throws Malformed naming the field.
 */
export function parseSignatureLists(bytes: Uint8Array): EfiSignature[] {
  const cursor = new Cursor(bytes, 'little');
  const signatures: EfiSignature[] = [];
  while (cursor.remaining > 0) readList(cursor, signatures);
  return signatures;
}

function readList(cursor: Cursor, signatures: EfiSignature[]): void {
  const at = cursor.offset;
  const type = guidText(cursor.take(16, 'signature list type'));
  const listBytes = cursor.u32('signature list size');
  const headerBytes = cursor.u32('signature header size');
  const signatureBytes = cursor.u32('signature size');
  const contentBytes = listBytes - (cursor.offset - at) - headerBytes;
  if (signatureBytes <= ownerBytes || contentBytes < 0 || contentBytes % signatureBytes !== 0)
    throw new Malformed('signature list', 'is not a whole number of signatures', at);
  cursor.take(headerBytes, 'signature header');
  for (let left = contentBytes; left > 0; left -= signatureBytes)
    signatures.push(toSignature(type, cursor.take(signatureBytes, 'signature')));
}

/** EFI_SIGNATURE_DATA of a list of `type`. @throws Malformed for hashes that are not of their size. */
function toSignature(type: string, bytes: Uint8Array): EfiSignature {
  const owner = guidText(bytes.subarray(0, ownerBytes));
  const data = bytes.subarray(ownerBytes);
  switch (type) {
    case signatureTypes.x509:
      return certificate(owner, data);
    case signatureTypes.sha256:
      checkSize(data, sha256Bytes);
      return { kind: 'sha256', owner, sha256: toHex(data) };
    case signatureTypes.x509Sha256:
      checkSize(data, sha256Bytes + timeBytes);
      return { kind: 'certificate-sha256', owner, sha256: toHex(data.subarray(0, sha256Bytes)) };
    default:
      return { kind: 'other', owner, type, data: toHex(data) };
  }
}

function checkSize(data: Uint8Array, size: number): void {
  if (data.length !== size)
    throw new Malformed('signature', `has ${data.length} bytes where ${size} are required`);
}

function certificate(owner: string, data: Uint8Array): EfiSignature {
  return { kind: 'certificate', owner, der: new Uint8Array(data), sha256: toHex(digest('sha256', data)) };
}

/**
 * One EFI_SIGNATURE_DATA, whose type is known by its size alone: an EV_EFI_VARIABLE_AUTHORITY event names the entry of db
 * that let an image start, and not the list it is in.
 *
 * @throws Malformed if it is too short to be one.
 */
export function parseSignatureData(bytes: Uint8Array): EfiSignature {
  if (bytes.length <= ownerBytes) throw new Malformed('signature', 'is too short');
  return toSignature(
    bytes.length === ownerBytes + sha256Bytes ? signatureTypes.sha256 : signatureTypes.x509,
    bytes,
  );
}
