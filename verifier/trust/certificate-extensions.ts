import 'reflect-metadata'; // must run before the X.509 package, which throws without it

import * as x509 from '@peculiar/x509';

import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import { childrenOf, type DerValue, parseDer, parseOid, shapeOf } from './der.ts';
import { type GeneralName, parseGeneralName } from './general-name.ts';
import { type NameConstraints, parseNameConstraints } from './name-constraints.ts';

/** By default the package tries to parse what octet and bit strings hold, which nobody has checked. */
export const parseOptions = { berOptions: { parseEmbedded: false } };

// The extensions read or safely ignored here, by the shape their value must have: tag, then the tags inside.
const handledExtensions: ReadonlyMap<string, RegExp> = new Map([
  ['2.5.29.14', /^04$/], // subjectKeyIdentifier
  ['2.5.29.15', /^03$/], // keyUsage
  ['2.5.29.17', /^30( ..)+$/], // subjectAltName
  ['2.5.29.19', /^30( 01)?( 02)?$/], // basicConstraints
  ['2.5.29.35', /^30( 80)?( a1)?( 82)?$/], // authorityKeyIdentifier
  ['2.5.29.30', /^30( a0)?( a1)?$/], // nameConstraints
  ['2.5.29.37', /^30( 06)+$/], // extKeyUsage
]);

const keyUsageFlags = [
  ['digitalSignature', x509.KeyUsageFlags.digitalSignature],
  ['nonRepudiation', x509.KeyUsageFlags.nonRepudiation],
  ['keyEncipherment', x509.KeyUsageFlags.keyEncipherment],
  ['dataEncipherment', x509.KeyUsageFlags.dataEncipherment],
  ['keyAgreement', x509.KeyUsageFlags.keyAgreement],
  ['keyCertSign', x509.KeyUsageFlags.keyCertSign],
  ['cRLSign', x509.KeyUsageFlags.cRLSign],
  ['encipherOnly', x509.KeyUsageFlags.encipherOnly],
  ['decipherOnly', x509.KeyUsageFlags.decipherOnly],
] as const;

interface EncodedExtension {
  readonly type: string;
  readonly critical: boolean;
  readonly raw: Uint8Array;
  /** Of an extension that is read here. */
  readonly value: DerValue | null;
}

/** What the extensions of a certificate say (RFC 5280 section 4.2); null for one that is not there. */
export interface ExtensionFacts {
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  /** Names as in RFC 5280 section 4.2.1.3, for example `keyCertSign`. */
  readonly keyUsage: ReadonlySet<string> | null;
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | null;
  readonly subjectKeyIdentifier: Hex | null;
  readonly authorityKeyIdentifier: Hex | null;
  /** Names of the subject besides `subjectName` (RFC 5280 section 4.2.1.6). */
  readonly alternativeNames: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | null;
  /** Object identifiers of critical extensions that nobody here enforces. */
  readonly unhandledCriticalExtensions: readonly string[];
}

/** @throws Malformed naming `field`. */
export function readExtensions(encoded: readonly DerValue[], field: string): ExtensionFacts {
  const extensions = encoded.map((extension) => splitExtension(extension, field));
  const types = extensions.map(({ type }) => type);
  if (new Set(types).size !== types.length) throw new Malformed(field, 'has an extension twice');
  const find = <T>(type: string, read: (raw: Uint8Array) => T): T | null => {
    const found = extensions.find((one) => one.type === type);
    return found ? attempt(`${field}: extension ${type}`, () => read(found.raw)) : null;
  };
  const valueOf = (type: string): DerValue | null =>
    extensions.find((one) => one.type === type)?.value ?? null;
  const constrained = valueOf('2.5.29.30');
  const subjectKey = find(
    '2.5.29.14',
    (raw) => new x509.SubjectKeyIdentifierExtension(raw, parseOptions).keyId,
  );
  const authorityKey = find(
    '2.5.29.35',
    (raw) => new x509.AuthorityKeyIdentifierExtension(raw, parseOptions).keyId,
  );
  const constraints = find('2.5.29.19', (raw) => new x509.BasicConstraintsExtension(raw, parseOptions));
  return {
    basicConstraints: constraints && checkBasicConstraints(constraints, `${field}: basic constraints`),
    keyUsage: find('2.5.29.15', (raw) => namesOf(new x509.KeyUsagesExtension(raw, parseOptions).usages)),
    extendedKeyUsage: find('2.5.29.37', (raw) =>
      Array.from(new x509.ExtendedKeyUsageExtension(raw, parseOptions).usages, String),
    ),
    subjectKeyIdentifier: keyIdentifier(subjectKey, field),
    authorityKeyIdentifier: keyIdentifier(authorityKey, field),
    alternativeNames: (valueOf('2.5.29.17')?.children ?? []).map((name) =>
      parseGeneralName(name, `${field}: subject alternative name`),
    ),
    nameConstraints:
      constrained === null ? null : parseNameConstraints(constrained, `${field}: name constraints`),
    unhandledCriticalExtensions: extensions
      .filter(({ type, critical }) => critical && !handledExtensions.has(type))
      .map(({ type }) => type),
  };
}

// Only a value of the right shape goes on to the package, which would read BER and more fields than there are.
function splitExtension(extension: DerValue, field: string): EncodedExtension {
  const [identifier, ...rest] = childrenOf(extension, 0x30, /^06( 01)? 04$/, `${field}: extension`);
  const type = parseOid(identifier, `${field}: extension`);
  const shape = handledExtensions.get(type);
  const critical = rest.length === 2 && rest[0]?.content[0] === 0xff;
  let value: DerValue | null = null;
  if (shape) {
    value = parseDer(rest.at(-1)?.content ?? new Uint8Array(), `${field}: extension ${type}`);
    const text = `${value.tag.toString(16).padStart(2, '0')} ${shapeOf(value)}`.trim();
    if (!shape.test(text)) throw new Malformed(`${field}: extension ${type}`, 'is not of its own type');
  }
  return { type, critical, raw: extension.raw, value };
}

function namesOf(usages: number): ReadonlySet<string> {
  return new Set(keyUsageFlags.filter(([, flag]) => usages & flag).map(([name]) => name));
}

function keyIdentifier(hex: string | null | undefined, field: string): Hex | null {
  return hex === null || hex === undefined ? null : parseHex(hex, `${field}: key identifier`);
}

function checkBasicConstraints(
  { ca, pathLength }: x509.BasicConstraintsExtension,
  field: string,
): ExtensionFacts['basicConstraints'] {
  if (pathLength === undefined) return { ca, pathLength: null };
  if (ca && Number.isSafeInteger(pathLength) && pathLength >= 0) return { ca, pathLength };
  throw new Malformed(field, 'has a path length that means nothing');
}

/** What a library reads; whatever it throws means that it cannot be read. */
export function attempt<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Malformed(field, 'cannot be read');
  }
}
