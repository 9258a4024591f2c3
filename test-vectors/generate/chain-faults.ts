import { type CertificateEdit, keyIdentifierOf } from './chain-certificate.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, unknownExtension } from './chain-extension.ts';
import { ecKey, edwardsKey, oddRsaKeys } from './chain-keys.ts';
import { commonName, strings } from './chain-name.ts';
import { algorithm, oids } from './cms-writer.ts';

/** What a random chain is made of, one for each of its certificates. */
export interface Traits {
  readonly constraints: Uint8Array | null;
  readonly usage: Uint8Array | null;
  readonly purposes: Uint8Array | null;
  readonly more: readonly Uint8Array[];
  readonly weakDigest: boolean;
  readonly edit: CertificateEdit;
}

/** One way in which a certificate is unlike others; not all of them are wrong. */
export interface Fault {
  readonly name: string;
  readonly on: readonly ('signer' | 'intermediate' | 'anchor')[];
  readonly change: (traits: Traits, issuer: Uint8Array) => Partial<Traits>;
}

const every = ['signer', 'intermediate', 'anchor'] as const;
const below = ['signer', 'intermediate'] as const;
const issuers = ['intermediate', 'anchor'] as const;

const edited = (edit: CertificateEdit) => (traits: Traits) => ({ edit: { ...traits.edit, ...edit } });
const added =
  (...more: readonly Uint8Array[]) =>
  (traits: Traits) => ({ more: [...traits.more, ...more] });
const flipped = (value: Uint8Array) =>
  Uint8Array.from(value, (octet, at) => (at === value.length - 1 ? octet ^ 1 : octet));

const dates: Fault[] = [
  { name: 'expired', on: every, change: edited({ notAfter: '20261231235959Z' }) },
  { name: 'not yet valid', on: every, change: edited({ notBefore: '20270101000001Z' }) },
  { name: 'first second', on: every, change: edited({ notBefore: '20270101000000Z' }) },
  {
    name: 'last second',
    on: every,
    change: edited({ notAfter: '20270101000000Z' }),
  },
  { name: 'without expiry', on: every, change: edited({ notAfter: '99991231235959Z' }) },
];

const signatures: Fault[] = [
  { name: 'wrong key', on: below, change: edited({ signedBy: ecKey('wrong') }) },
  { name: 'flipped bit', on: below, change: edited({ editValue: flipped }) },
  { name: 'anchor not signed', on: ['anchor'], change: edited({ editValue: flipped }) },
  { name: 'weak digest', on: every, change: () => ({ weakDigest: true }) },
  { name: 'other algorithm inside', on: below, change: edited({ innerAlgorithm: algorithm('1.2.3.4') }) },
  { name: 'other algorithm outside', on: below, change: edited({ outerAlgorithm: algorithm(oids.ed448) }) },
];

const names: Fault[] = [
  { name: 'other issuer', on: below, change: edited({ issuerName: commonName('other') }) },
  {
    name: 'issuer as another string',
    on: below,
    change: ({ edit }, issuer) => ({ edit: { ...edit, issuerName: respelled(issuer) } }),
  },
  {
    name: 'key of another issuer',
    on: below,
    change: edited({ authorityKey: keyIdentifierOf(ecKey('other')) }),
  },
  { name: 'no authority key', on: below, change: edited({ authorityKey: null }) },
  { name: 'no subject key', on: every, change: edited({ subjectKey: null }) },
];

/** The same common name in a PrintableString. */
function respelled(issuer: Uint8Array): Uint8Array {
  const at = Buffer.from(issuer).lastIndexOf(strings.utf8);
  return at < 0
    ? issuer
    : commonName(Buffer.from(issuer.subarray(at + 2)).toString('utf8'), strings.printable);
}

const keys: Fault[] = [
  { name: 'RSA of 1024 bits', on: ['signer'], change: edited({ key: oddRsaKeys.rsa1024() }) },
  { name: 'exponent 3', on: ['signer'], change: edited({ key: oddRsaKeys.exponent3() }) },
  {
    name: 'exponent 1',
    on: below,
    change: edited({ key: oddRsaKeys.exponent1() }),
  },
  {
    name: 'secp256k1',
    on: every,
    change: edited({ key: ecKey('random', 'sha256', 'secp256k1') }),
  },
  {
    name: 'Ed448',
    on: every,
    change: edited({ key: edwardsKey('random', 'ed448') }),
  },
];

const constraints: Fault[] = [
  { name: 'unknown critical extension', on: every, change: added(unknownExtension(true)) },
  { name: 'unknown extension', on: every, change: added(unknownExtension(false)) },
  {
    name: 'unknown extension twice',
    on: every,
    change: added(unknownExtension(false), unknownExtension(false)),
  },
  { name: 'no authority', on: issuers, change: () => ({ constraints: basicConstraints(false) }) },
  { name: 'no constraints', on: every, change: () => ({ constraints: null }) },
  {
    name: 'constraints not critical',
    on: issuers,
    change: () => ({ constraints: basicConstraints(true, undefined, false) }),
  },
  { name: 'path length 0', on: issuers, change: () => ({ constraints: basicConstraints(true, 0) }) },
  { name: 'path length 1', on: issuers, change: () => ({ constraints: basicConstraints(true, 1) }) },
  { name: 'path length 2', on: issuers, change: () => ({ constraints: basicConstraints(true, 2) }) },
  { name: 'signer is an authority', on: ['signer'], change: () => ({ constraints: basicConstraints(true) }) },
];

const usages: Fault[] = [
  { name: 'no key usage', on: every, change: () => ({ usage: null }) },
  { name: 'no keyCertSign', on: issuers, change: () => ({ usage: keyUsage('cRLSign', 'digitalSignature') }) },
  { name: 'nonRepudiation', on: ['signer'], change: () => ({ usage: keyUsage('nonRepudiation') }) },
  { name: 'keyEncipherment', on: ['signer'], change: () => ({ usage: keyUsage('keyEncipherment') }) },
  {
    name: 'for mail and clients',
    on: every,
    change: () => ({ purposes: extendedKeyUsage('clientAuth', 'emailProtection') }),
  },
  { name: 'for clients', on: every, change: () => ({ purposes: extendedKeyUsage('clientAuth') }) },
  { name: 'signer for anything', on: ['signer'], change: () => ({ purposes: extendedKeyUsage('any') }) },
  {
    name: 'authority for anything',
    on: issuers,
    change: () => ({ purposes: extendedKeyUsage('any') }),
  },
  {
    name: 'for nothing in particular',
    on: ['signer'],
    change: () => ({ purposes: null }),
  },
];

const encodings: Fault[] = [
  { name: 'serial number 0', on: every, change: edited({ serial: Uint8Array.of(0) }) },
  {
    name: 'negative serial number',
    on: every,
    change: edited({ serial: Uint8Array.of(0x80) }),
  },
  {
    name: 'version 4',
    on: every,
    change: edited({ version: 3 }),
  },
];

/** Every fault that a random chain may have. */
export const faults: readonly Fault[] = [
  ...[dates, signatures, names, keys, constraints, usages, encodings].flat(),
];
