import { authorityKeyIdentifier, extension } from './chain-extension.ts';
import { keyIdentifierOf, type MadeCertificate, timeOf } from './chain-certificate.ts';
import { bitString, type KnownKey } from './chain-keys.ts';
import { der, integer } from './der-writer.ts';

/** A certificate that a list names. */
export interface Revoked {
  /** Content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
}

/** Parts of a revocation list (RFC 5280 section 5.1), each of which can be replaced by one that does not belong there. */
export interface ListParts {
  readonly revoked: readonly Revoked[];
  /** Null: no such field. */
  readonly version: number | null;
  readonly issuerName: Uint8Array;
  readonly thisUpdate: string;
  /** Null: no such field. */
  readonly nextUpdate: string | null;
  /** Besides its number and the authority's key identifier. */
  readonly extensions: readonly Uint8Array[];
  /** What the `[0]` field has in it at all; null: no such field. */
  readonly allExtensions: readonly Uint8Array[] | null;
  readonly innerAlgorithm: Uint8Array;
  readonly signedBy: KnownKey;
  readonly editValue: (signature: Uint8Array) => Uint8Array;
}

/** Makes a revocation list of an authority, the same each time. */
export function makeList(issuer: MadeCertificate, edit: Partial<ListParts> = {}): Uint8Array {
  const by = edit.signedBy ?? issuer.key;
  const version = edit.version === undefined ? 1 : edit.version;
  const nextUpdate = edit.nextUpdate === undefined ? '20270201000000Z' : edit.nextUpdate;
  const number = extension('2.5.29.20', integer(1));
  const usual = [authorityKeyIdentifier(keyIdentifierOf(issuer.key)), number, ...(edit.extensions ?? [])];
  const extensions = edit.allExtensions === undefined ? usual : edit.allExtensions;
  const tbs = der(
    0x30,
    ...(version === null ? [] : [integer(version)]),
    edit.innerAlgorithm ?? by.identifier,
    edit.issuerName ?? issuer.subject,
    timeOf(edit.thisUpdate ?? '20261201000000Z'),
    ...(nextUpdate === null ? [] : [timeOf(nextUpdate)]),
    ...(edit.revoked ? [der(0x30, ...edit.revoked.map(entryOf))] : []),
    ...(extensions === null ? [] : [der(0xa0, der(0x30, ...extensions))]),
  );
  return der(0x30, tbs, by.identifier, bitString(edit.editValue?.(by.sign(tbs)) ?? by.sign(tbs)));
}

function entryOf({ serial, extensions = [] }: Revoked): Uint8Array {
  const more = extensions.length > 0 ? [der(0x30, ...extensions)] : [];
  return der(0x30, der(0x02, serial), timeOf('20261115000000Z'), ...more);
}

/** Why a certificate is revoked, RFC 5280 section 5.3.1. */
export function reasonCode(value: number): Uint8Array {
  return extension('2.5.29.21', der(0x0a, Uint8Array.of(value)));
}

/** What a list is limited to, RFC 5280 section 5.2.5; each is the DER of a field. */
export function distributionPoint(...fields: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.28', der(0x30, ...fields), true);
}
