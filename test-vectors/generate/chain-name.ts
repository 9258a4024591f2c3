import { der, oid } from './der-writer.ts';

const types = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  E: '1.2.840.113549.1.9.1',
} as const;

/** Tags of the strings that names are made of. */
export const strings = { utf8: 0x0c, printable: 0x13, teletex: 0x14, ia5: 0x16, bmp: 0x1e } as const;

type Attribute = readonly [type: keyof typeof types, value: string, string?: number];

/** DER of a distinguished name, one attribute to each of its parts. */
export function nameOf(...attributes: readonly Attribute[]): Uint8Array {
  return der(0x30, ...attributes.map((one) => der(0x31, attributeOf(one))));
}

/** DER of a distinguished name with one common name. */
export function commonName(value: string, string: number = strings.utf8): Uint8Array {
  return nameOf(['CN', value, string]);
}

/** One part of a name, of one attribute or more. */
export function attributeOf([type, value, string]: Attribute): Uint8Array {
  const tag = string ?? (type === 'E' ? strings.ia5 : type === 'C' ? strings.printable : strings.utf8);
  return der(
    0x30,
    oid(types[type]),
    der(tag, Buffer.from(value, tag === strings.teletex ? 'latin1' : 'utf8')),
  );
}

/** GeneralName, RFC 5280 section 4.2.1.6. */
export const generalName = {
  email: (value: string) => der(0x81, Buffer.from(value)),
  dns: (value: string) => der(0x82, Buffer.from(value)),
  directory: (name: Uint8Array) => der(0xa4, name),
  uri: (value: string) => der(0x86, Buffer.from(value)),
  /** Octets of the address; in a constraint with the mask behind them. */
  ip: (...octets: readonly number[]) => der(0x87, Uint8Array.from(octets)),
  registered: (dotted: string) => der(0x88, oid(dotted).subarray(2)),
  other: (type: string, value: Uint8Array) => der(0xa0, oid(type), der(0xa0, value)),
} as const;
