import { unsigned } from './chain-keys.ts';
import { der, oid } from './der-writer.ts';

const true_ = der(0x01, Uint8Array.of(0xff));

/** Extension, RFC 5280 section 4.1; `value` is DER. */
export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return der(0x30, oid(type), ...(critical ? [true_] : []), der(0x04, value));
}

/** `pathLength` absent: any. */
export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Uint8Array {
  const parts = [ca ? true_ : [], pathLength === undefined ? [] : unsigned(BigInt(pathLength))];
  return extension('2.5.29.19', der(0x30, ...parts.map((part) => Uint8Array.from(part))), critical);
}

const usages = [
  ...['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'],
  ...['keyAgreement', 'keyCertSign', 'cRLSign'],
] as const;

/** As few octets as hold the last bit that is set, as DER wants it. */
export function keyUsage(...names: readonly (typeof usages)[number][]): Uint8Array {
  const bits = names.reduce((octet, name) => octet | (0x80 >> usages.indexOf(name)), 0);
  const unused = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
  return extension('2.5.29.15', der(0x03, Uint8Array.from(bits === 0 ? [0] : [unused, bits])), true);
}

export const purposes = {
  emailProtection: '1.3.6.1.5.5.7.3.4',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const;

export function extendedKeyUsage(...names: readonly (keyof typeof purposes)[]): Uint8Array {
  return extension('2.5.29.37', der(0x30, ...names.map((name) => oid(purposes[name]))));
}

export function subjectKeyIdentifier(identifier: Uint8Array): Uint8Array {
  return extension('2.5.29.14', der(0x04, identifier));
}

export function authorityKeyIdentifier(identifier: Uint8Array): Uint8Array {
  return extension('2.5.29.35', der(0x30, der(0x80, identifier)));
}

export function subjectAltName(...names: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.17', der(0x30, ...names));
}

/** What every certificate authority of the vectors has, unless a case says otherwise. */
export const authority = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')];
/** What every signer has. */
export const endEntity = [basicConstraints(false), keyUsage('digitalSignature')];

/** An extension that nobody knows. */
export const unknownExtension = (critical: boolean) =>
  extension('1.2.3.4', Uint8Array.of(0x05, 0x00), critical);

/** Subtrees of general names that a certificate permits and excludes, RFC 5280 section 4.2.1.10. */
export function nameConstraints(
  permitted: readonly Uint8Array[] = [],
  excluded: readonly Uint8Array[] = [],
  critical = true,
): Uint8Array {
  const subtrees = (tag: number, bases: readonly Uint8Array[]) =>
    bases.length > 0 ? [der(tag, ...bases.map((base) => der(0x30, base)))] : [];
  return extension(
    '2.5.29.30',
    der(0x30, ...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)),
    critical,
  );
}
