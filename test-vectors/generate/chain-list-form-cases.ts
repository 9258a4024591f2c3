import {
  accepts,
  type ChainDraft,
  makeAnchor,
  makeIntermediate,
  makeSigner,
  type Path,
  refuses,
  unreadable,
} from './chain-case.ts';
import { type CertificateEdit, keyIdentifierOf, usualKey } from './chain-certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extension,
  keyUsage,
  unknownExtension,
} from './chain-extension.ts';
import { ecKey, edwardsKey, pssKey, rsaKey } from './chain-keys.ts';
import { distributionPoint, type ListParts, makeList } from './chain-list.ts';
import { commonName, generalName } from './chain-name.ts';
import { algorithm, oids } from './cms-writer.ts';
import { der, integer } from './der-writer.ts';

const unknown = 'revocation-unknown' as const;
const anchor = makeAnchor();
const intermediate = makeIntermediate(anchor);
const signer = makeSigner(intermediate);
const above = makeList(anchor);
const below = makeList(intermediate);

/** Cases about how revocation lists are signed, what they are limited to, and how they are written. */
export function listFormCases(): ChainDraft[] {
  return [...signatures(), ...issuers(), ...scopes(), ...unknownParts(), ...encodings()];
}

function withLists(...lists: readonly Uint8Array[]): Path {
  return { signer, intermediates: [intermediate], anchors: [anchor], lists };
}

/** The list of the intermediate is another one. */
function withBelow(edit: Partial<ListParts>): Path {
  return withLists(above, makeList(intermediate, edit));
}

function signatures(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListSignature', id, comment] as const;
  const flipped = (value: Uint8Array) =>
    Uint8Array.from(value, (octet, at) => (at === value.length - 1 ? octet ^ 1 : octet));
  const forged = makeList(intermediate, { signedBy: ecKey('wrong'), revoked: [{ serial: signer.serial }] });
  return [
    refuses(head('list-wrong-key', 'a list signed by another key'), withBelow({ signedBy: ecKey('wrong') }), [
      unknown,
      'signer',
    ]),
    refuses(
      head('list-flipped-bit', 'a bit of the signature of the list is flipped'),
      withBelow({ editValue: flipped }),
      [unknown, 'signer'],
    ),
    refuses(head('list-by-signer', 'a list that the signer made'), withBelow({ signedBy: signer.key }), [
      unknown,
      'signer',
    ]),
    refuses(
      head('list-sha1', 'a list signed with SHA-1'),
      withBelow({ signedBy: usualKey('intermediate', 'sha1') }),
      [unknown, 'signer'],
    ),
    accepts(
      head('forged-revocation', 'a list that revokes the signer, signed by another key, beside the good one'),
      withLists(above, below, forged),
      3,
    ),
  ];
}

function issuers(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListSignature', id, comment] as const;
  const under = (edit: CertificateEdit): Path => {
    const issuer = makeIntermediate(anchor, edit);
    return {
      signer: makeSigner(issuer),
      intermediates: [issuer],
      anchors: [anchor],
      lists: [above, makeList(issuer)],
    };
  };
  const namesake = makeIntermediate(anchor, { key: ecKey('namesake') });
  const bare: Partial<ListParts> = { allExtensions: null, version: null };
  const otherKey = authorityKeyIdentifier(keyIdentifierOf(ecKey('other')));
  return [
    refuses(
      head('list-by-namesake', 'a list by another authority of the same name'),
      withLists(above, makeList(namesake)),
      [unknown, 'signer'],
    ),
    refuses(
      head('no-crl-sign', 'an issuer whose key is not for lists'),
      under({ extensions: [basicConstraints(true), keyUsage('keyCertSign')] }),
      [unknown, 'signer'],
    ),
    accepts(
      head('list-by-any-usage', 'an issuer whose key is for anything'),
      under({ extensions: [basicConstraints(true)] }),
      3,
    ),
    accepts(
      head('list-without-identifiers', 'lists of version 1, which do not name the key of their issuer'),
      withLists(makeList(anchor, bare), makeList(intermediate, bare)),
      3,
    ),
    accepts(head('list-rsa', 'a list signed with RSA'), under({ key: rsaKey('signer') }), 3),
    accepts(head('list-ed25519', 'a list signed with Ed25519'), under({ key: edwardsKey('lists') }), 3),
    accepts(head('list-rsa-pss', 'a list signed with RSA-PSS'), under({ key: pssKey('signer') }), 3),
    refuses(
      head('list-names-other-key', 'a list that names another key of its issuer'),
      withBelow({ allExtensions: [otherKey, extension('2.5.29.20', integer(1))] }),
      [unknown, 'signer'],
    ),
  ];
}

function scopes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListScope', id, comment] as const;
  const limited = (id: string, comment: string, ...fields: readonly Uint8Array[]) =>
    refuses(head(id, comment), withBelow({ extensions: [distributionPoint(...fields)] }), [
      unknown,
      'signer',
    ]);
  const true_ = (tag: number) => der(tag, Uint8Array.of(0xff));
  const point = der(0xa0, der(0xa0, generalName.uri('http://example.org/list')));
  const byOther = extension('2.5.29.29', der(0x30, generalName.directory(commonName('other'))), true);
  return [
    limited('only-users', 'a list of signers alone, which is not processed', true_(0x81)),
    limited('only-authorities', 'a list of authorities alone', true_(0x82)),
    limited('only-attributes', 'a list of attribute certificates alone', true_(0x85)),
    limited('only-some-reasons', 'a list of some reasons alone', der(0x83, Uint8Array.of(6, 0x40))),
    limited('one-point', 'a list of one distribution point', point),
    limited('indirect', 'a list for other issuers too', true_(0x84)),
    refuses(
      head('delta', 'what changed since another list'),
      withBelow({ extensions: [extension('2.5.29.27', integer(1), true)] }),
      [unknown, 'signer'],
    ),
    refuses(
      head('entry-of-another', 'an entry for the certificate of another issuer'),
      withBelow({ revoked: [{ serial: Uint8Array.of(9), extensions: [byOther] }] }),
      [unknown, 'signer'],
    ),
  ];
}

function unknownParts(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListExtension', id, comment] as const;
  const entry = (critical: boolean, serial: Uint8Array): Partial<ListParts> => ({
    revoked: [{ serial, extensions: [unknownExtension(critical)] }],
  });
  const other = Uint8Array.of(9);
  return [
    refuses(
      head('list-critical', 'unknown and critical in the list'),
      withBelow({ extensions: [unknownExtension(true)] }),
      [unknown, 'signer'],
    ),
    accepts(
      head('list-unknown', 'unknown in the list, and not critical'),
      withBelow({ extensions: [unknownExtension(false)] }),
      3,
    ),
    refuses(
      head('entry-critical', 'unknown and critical in the entry of another certificate'),
      withBelow(entry(true, other)),
      [unknown, 'signer'],
    ),
    refuses(
      head('entry-critical-revoked', 'unknown and critical in the entry of the signer'),
      withBelow(entry(true, signer.serial)),
      ['certificate-revoked', 'signer'],
    ),
    accepts(
      head('entry-unknown', 'unknown in the entry of another certificate, and not critical'),
      withBelow(entry(false, other)),
      3,
    ),
  ];
}

function encodings(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListEncoding', id, comment] as const;
  const bad = (id: string, comment: string, list: Uint8Array) =>
    unreadable(head(id, comment), withLists(above, list));
  const twice = extension('1.2.3.4', der(0x05));
  return [
    bad('list-trailing-byte', 'a byte behind the list', Buffer.concat([below, Buffer.of(0)])),
    bad('list-truncated', 'a byte of the list is missing', below.subarray(0, -1)),
    bad(
      'list-version-1-extensions',
      'extensions in a list of version 1',
      makeList(intermediate, { version: null }),
    ),
    bad('list-version-3', 'a version that does not exist', makeList(intermediate, { version: 2 })),
    bad(
      'list-extension-twice',
      'an extension twice in the list',
      makeList(intermediate, { extensions: [twice, twice] }),
    ),
    bad(
      'list-algorithms-differ',
      'the algorithm that is signed is another one',
      makeList(intermediate, { innerAlgorithm: algorithm(oids.ecdsaSha512) }),
    ),
    bad('list-bad-date', 'a list of 31 February', makeList(intermediate, { nextUpdate: '20270231000000Z' })),
    bad('list-no-list', 'a certificate for a list', intermediate.der),
  ];
}
