import {
  accepts,
  type ChainDraft,
  makeAnchor,
  makeIntermediate,
  makeSigner,
  type Path,
  refuses,
  threeOf,
  twoOf,
  unreadable,
} from './chain-case.ts';
import { usualKey } from './chain-certificate.ts';
import { bitString, ecKey, edwardsKey, type KnownKey, oddRsaKeys, pssKey, rsaKey } from './chain-keys.ts';
import { algorithm, oids } from './cms-writer.ts';
import { der, null_, oid } from './der-writer.ts';

const weak = 'signature-weak' as const;

/** Cases about keys, and about the algorithms that certificates are signed with. */
export function keyCases(): ChainDraft[] {
  return [...goodKeys(), ...weakKeys(), ...brokenKeys(), ...digests(), ...mismatches(), ...values()];
}

function bothWith(make: (word: string) => KnownKey): Path {
  return twoOf({ anchor: { key: make('anchor') }, signer: { key: make('signer') } });
}

function goodKeys(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Key', id, comment] as const;
  const mixed = threeOf({
    anchor: { key: rsaKey('anchor', 'sha512') },
    intermediate: { key: edwardsKey('mixed') },
    signer: { key: ecKey('mixed', 'sha384', 'p384') },
  });
  return [
    accepts(
      head('rsa', 'RSA of 2048 bits'),
      bothWith((word) => rsaKey(word)),
      2,
    ),
    accepts(
      head('p384', 'P-384 and SHA-384'),
      bothWith((word) => ecKey(word, 'sha384', 'p384')),
      2,
    ),
    accepts(
      head('p521', 'P-521 and SHA-512'),
      bothWith((word) => ecKey(word, 'sha512', 'p521')),
      2,
    ),
    accepts(
      head('p256-sha512', 'P-256 and SHA-512'),
      bothWith((word) => ecKey(word, 'sha512')),
      2,
    ),
    accepts(
      head('ed25519', 'Ed25519'),
      bothWith((word) => edwardsKey(word)),
      2,
    ),
    accepts(head('mixed', 'RSA above Ed25519 above P-384'), mixed, 3),
    accepts(
      head('rsa-pss', 'RSA keys that sign by PSS'),
      bothWith((word) => pssKey(word)),
      2,
    ),
    accepts(
      head('rsa-pss-keys', 'RSA keys that say they are for PSS'),
      bothWith((word) => pssKey(word, 'sha256', true)),
      2,
    ),
    accepts(
      head('exponent-3', 'an RSA key with exponent 3'),
      twoOf({ signer: { key: oddRsaKeys.exponent3() } }),
      2,
    ),
  ];
}

function weakKeys(): ChainDraft[] {
  const head = (id: string, comment: string) => ['WeakKey', id, comment] as const;
  const signer = (id: string, comment: string, key: KnownKey) =>
    refuses(head(id, comment), twoOf({ signer: { key } }), [weak, 'signer']);
  const everywhere = threeOf({ intermediate: { key: oddRsaKeys.exponent1() } });
  return [
    signer('rsa-1024', 'an RSA key of 1024 bits', oddRsaKeys.rsa1024()),
    signer(
      'exponent-1',
      'an RSA key with exponent 1, with which every message is its own signature',
      oddRsaKeys.exponent1(),
    ),
    refuses(
      head('exponent-1-issues', 'an intermediate whose key has exponent 1, so that anybody issues under it'),
      everywhere,
      [weak, 'intermediate'],
    ),
    signer('p192', 'a key on P-192', ecKey('small', 'sha256', 'p192')),
    signer('p224', 'a key on P-224', ecKey('small', 'sha256', 'p224')),
    signer('secp256k1', 'a key on secp256k1', ecKey('other', 'sha256', 'secp256k1')),
    signer('ed448', 'an Ed448 key', edwardsKey('ed448', 'ed448')),
    refuses(
      head('p224-issues', 'an intermediate whose key is on P-224'),
      threeOf({ intermediate: { key: ecKey('small', 'sha256', 'p224') } }),
      [weak, 'intermediate'],
    ),
    refuses(
      head('secp256k1-anchor', 'an anchor whose key is on secp256k1'),
      twoOf({ anchor: { key: ecKey('other', 'sha256', 'secp256k1') } }),
      [weak, 'anchor'],
    ),
    refuses(
      head('ed448-anchor', 'an anchor whose key is Ed448'),
      twoOf({ anchor: { key: edwardsKey('anchor', 'ed448') } }),
      [weak, 'signer'],
    ),
  ];
}

function brokenKeys(): ChainDraft[] {
  const head = (id: string, comment: string) => ['BrokenKey', id, comment] as const;
  const ec = (parameters: Uint8Array, point: Uint8Array): KnownKey => ({
    ...ecKey('broken'),
    spki: der(0x30, algorithm('1.2.840.10045.2.1', parameters), bitString(point)),
  });
  const p256 = oid('1.2.840.10045.3.1.7');
  const point = ecKey('broken').spki.subarray(-65);
  const isOdd = (point.at(-1) ?? 0) & 1;
  const moved = Uint8Array.from(point, (octet, at) => (at === 64 ? octet ^ 1 : octet));
  const given = (id: string, comment: string, key: KnownKey) =>
    unreadable(head(id, comment), twoOf({ signer: { key } }), 'unsupported');
  return [
    given('point-elsewhere', 'a point that is not on its curve', ec(p256, moved)),
    unreadable(
      head('point-at-infinity', 'the point at infinity'),
      twoOf({ signer: { key: ec(p256, Uint8Array.of(0)) } }),
    ),
    unreadable(
      head('point-hybrid', 'a point in the form that says twice which half it is in'),
      twoOf({ signer: { key: ec(p256, Buffer.concat([Buffer.of(6 + isOdd), point.subarray(1)])) } }),
    ),
    accepts(
      head('point-compressed', 'a point that is compressed'),
      twoOf({ signer: { key: ec(p256, Buffer.concat([Buffer.of(2 + isOdd), point.subarray(1, 33)])) } }),
      2,
    ),
    given('unknown-curve', 'a curve that nobody knows', ec(oid('1.2.3.4'), point)),
    given('no-curve', 'a key without a curve', ec(null_, point)),
    given('unknown-key', 'a key of a kind that nobody knows', {
      ...ecKey('broken'),
      spki: der(0x30, algorithm('1.2.3.4'), bitString(point)),
    }),
  ];
}

function digests(): ChainDraft[] {
  const head = (id: string, comment: string) => ['WeakDigest', id, comment] as const;
  const rsa = (hash: 'md5' | 'sha1' | 'sha224') => twoOf({ anchor: { key: rsaKey('anchor', hash) } });
  const signer = (id: string, comment: string, path: Path) =>
    refuses(head(id, comment), path, [weak, 'signer']);
  return [
    signer('md5', 'the signer is signed with MD5', rsa('md5')),
    signer('sha1', 'the signer is signed with SHA-1', rsa('sha1')),
    signer('sha224', 'the signer is signed with SHA-224', rsa('sha224')),
    signer(
      'ecdsa-sha1',
      'the signer is signed with ECDSA and SHA-1',
      twoOf({ signer: { signedBy: usualKey('anchor', 'sha1') } }),
    ),
    signer(
      'pss-sha1',
      'the signer is signed with PSS and its defaults, which are SHA-1',
      twoOf({ anchor: { key: pssKey('anchor', 'sha1') } }),
    ),
    refuses(
      head('sha1-above', 'the intermediate is signed with SHA-1'),
      threeOf({ intermediate: { signedBy: usualKey('anchor', 'sha1') } }),
      [weak, 'intermediate'],
    ),
    accepts(
      head('sha1-by-itself', 'the anchor signed itself with SHA-1, which nobody relies on'),
      twoOf({ anchor: { signedBy: usualKey('anchor', 'sha1') } }),
      2,
    ),
  ];
}

function mismatches(): ChainDraft[] {
  const head = (id: string, comment: string) => ['AlgorithmMismatch', id, comment] as const;
  const [sha256, sha512] = [algorithm(oids.ecdsaSha256), algorithm(oids.ecdsaSha512)];
  const untrusted = ['signer-untrusted', 'signer'] as const;
  return [
    refuses(
      head('inner-differs', 'the algorithm that is signed is another one'),
      twoOf({ signer: { innerAlgorithm: sha512 } }),
      untrusted,
    ),
    refuses(
      head('outer-differs', 'the algorithm outside what is signed is another one'),
      twoOf({ signer: { outerAlgorithm: sha512 } }),
      untrusted,
    ),
    refuses(
      head('both-differ', 'signed with another algorithm than both say'),
      twoOf({ signer: { innerAlgorithm: sha512, outerAlgorithm: sha512 } }),
      untrusted,
    ),
    refuses(
      head('parameters-differ', 'NULL parameters inside alone'),
      twoOf({ signer: { innerAlgorithm: algorithm(oids.ecdsaSha256, null_), outerAlgorithm: sha256 } }),
      untrusted,
    ),
    refuses(
      head('other-key-type', 'RSA by name, by an elliptic curve'),
      twoOf({
        signer: {
          innerAlgorithm: algorithm(oids.sha256WithRsa, null_),
          outerAlgorithm: algorithm(oids.sha256WithRsa, null_),
        },
      }),
      untrusted,
    ),
    refuses(
      head('unknown-algorithm', 'an algorithm that nobody knows'),
      twoOf({ signer: { innerAlgorithm: algorithm('1.2.3.4'), outerAlgorithm: algorithm('1.2.3.4') } }),
      untrusted,
    ),
  ];
}

function values(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Value', id, comment] as const;
  const untrusted = ['signer-untrusted', 'signer'] as const;
  const edited = (editValue: (value: Uint8Array) => Uint8Array) => twoOf({ signer: { editValue } });
  const flipped = (value: Uint8Array) =>
    Uint8Array.from(value, (octet, at) => (at === value.length - 1 ? octet ^ 1 : octet));
  const zero = der(0x02, Uint8Array.of(0));
  const anchor = makeAnchor();
  const honest = makeSigner(anchor);
  const later = Buffer.from(honest.der);
  later.write('37', later.indexOf('360101000000Z'));
  const forgedAbove = makeIntermediate(anchor, { editValue: flipped });
  return [
    refuses(
      head('wrong-key', 'signed by another key'),
      twoOf({ signer: { signedBy: ecKey('wrong') } }),
      untrusted,
    ),
    refuses(
      head('wrong-key-above', 'the intermediate is signed by another key'),
      threeOf({ intermediate: { signedBy: ecKey('wrong') } }),
      ['signer-untrusted', 'intermediate'],
    ),
    refuses(head('flipped-bit', 'a bit of the signature is flipped'), edited(flipped), untrusted),
    refuses(
      head('flipped-bit-above', 'a bit of the signature of the intermediate is flipped'),
      { signer: makeSigner(forgedAbove), intermediates: [forgedAbove], anchors: [anchor] },
      ['signer-untrusted', 'intermediate'],
    ),
    refuses(
      head('signed-otherwise', 'a date was changed after signing'),
      { signer: { ...honest, der: later }, anchors: [anchor] },
      untrusted,
    ),
    refuses(
      head('value-empty', 'an empty signature'),
      edited(() => new Uint8Array()),
      untrusted,
    ),
    refuses(
      head('value-zeros', 'a signature of two zeros'),
      edited(() => der(0x30, zero, zero)),
      untrusted,
    ),
    refuses(
      head('value-longer', 'a byte behind the signature'),
      edited((value) => Buffer.concat([value, Buffer.of(0)])),
      untrusted,
    ),
    accepts(
      head('anchor-not-signed', 'the signature of the anchor on itself is wrong, which nobody relies on'),
      twoOf({ anchor: { editValue: flipped } }),
      2,
    ),
  ];
}
