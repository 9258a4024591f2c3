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
} from './chain-case.ts';
import { type CertificateEdit, keyIdentifierOf, makeCertificate } from './chain-certificate.ts';
import { endEntity, extension, subjectAltName } from './chain-extension.ts';
import { ecKey } from './chain-keys.ts';
import { attributeOf, commonName, generalName, nameOf, strings } from './chain-name.ts';
import { der } from './der-writer.ts';

const untrusted = 'signer-untrusted' as const;
const noIdentifiers = { subjectKey: null, authorityKey: null };

/** Cases about how issuers are found: by name, and by what certificates say of keys. */
export function nameCases(): ChainDraft[] {
  return [...names(), ...strangeNames(), ...namesakes(), ...identifiers()];
}

function names(): ChainDraft[] {
  const head = (id: string, comment: string) => ['NameChaining', id, comment] as const;
  // The anchor's name is one, the name of the issuer in the signer another.
  const issuerName = (subject: Uint8Array, name: Uint8Array) =>
    twoOf({ anchor: { subject }, signer: { issuerName: name } });
  const different = (id: string, comment: string, subject: Uint8Array, name: Uint8Array) =>
    refuses(head(id, comment), issuerName(subject, name), [untrusted, 'signer']);
  const [example, anchor] = [
    ['O', 'Example'],
    ['CN', 'anchor'],
  ] as const;
  return [
    different(
      'other-issuer',
      'the name of another issuer, signed by the anchor',
      commonName('anchor'),
      commonName('other'),
    ),
    different(
      'other-string-type',
      'the same issuer, as UTF8String and as PrintableString',
      commonName('anchor'),
      commonName('anchor', strings.printable),
    ),
    different('other-case', 'the same issuer, in capitals', commonName('anchor'), commonName('ANCHOR')),
    different(
      'other-spaces',
      'the same issuer, with two spaces',
      commonName('the anchor'),
      commonName('the  anchor'),
    ),
    different(
      'other-order',
      'the parts of the name in another order',
      nameOf(example, anchor),
      nameOf(anchor, example),
    ),
    different('more-parts', 'a part more', nameOf(example), nameOf(example, anchor)),
    accepts(
      head('printable', 'names of PrintableStrings'),
      twoOf({ anchor: { subject: commonName('anchor', strings.printable) } }),
      2,
    ),
    accepts(
      head('many-parts', 'a name of many parts'),
      twoOf({ anchor: { subject: nameOf(['C', 'NL'], example, ['OU', 'Signing'], anchor) } }),
      2,
    ),
    accepts(
      head('two-in-one-part', 'a name of one part with two attributes'),
      twoOf({ anchor: { subject: der(0x30, der(0x31, attributeOf(anchor), attributeOf(example))) } }),
      2,
    ),
  ];
}

function strangeNames(): ChainDraft[] {
  const head = (id: string, comment: string) => ['NameChaining', id, comment] as const;
  const named = (subject: Uint8Array) => twoOf({ anchor: { subject } });
  const empty = nameOf();
  const other = subjectAltName(generalName.dns('signer.example'));
  return [
    accepts(
      head('signer-without-name', 'a signer with an empty name'),
      twoOf({ signer: { subject: empty, extensions: [...endEntity, other] } }),
      2,
    ),
    accepts(
      head('teletex', 'a name of a TeletexString'),
      named(commonName('anch\u00f6r', strings.teletex)),
      2,
    ),
    accepts(
      head('long-name', 'a common name of 1,000 characters'),
      named(commonName('anchor '.repeat(143).slice(0, 1000))),
      2,
    ),
    accepts(head('nul-in-name', 'a name with a NUL inside'), named(commonName('anchor\0.example')), 2),
    refuses(
      head('nul-cuts-name', 'names that are the same up to a NUL'),
      twoOf({
        anchor: { subject: commonName('anchor') },
        signer: { issuerName: commonName('anchor\0other') },
      }),
      [untrusted, 'signer'],
    ),
  ];
}

function namesakes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['SameName', id, comment] as const;
  const anchor = makeAnchor();
  const impostor = makeAnchor({ key: ecKey('impostor'), ...noIdentifiers });
  const forged = makeSigner(impostor, noIdentifiers);
  const plain = makeAnchor(noIdentifiers);
  const genuine = makeSigner(plain, noIdentifiers);
  const below = (edit: CertificateEdit): Path => {
    const [one, two] = ['one', 'two'].map((word) => makeIntermediate(anchor, { key: ecKey(word), ...edit }));
    if (!one || !two) return threeOf();
    return { signer: makeSigner(one, edit), intermediates: [two, one], anchors: [anchor] };
  };
  return [
    refuses(head('impostor', 'issued by a namesake of the anchor'), { signer: forged, anchors: [plain] }, [
      untrusted,
      'signer',
    ]),
    refuses(
      head('impostor-brought', 'issued by a namesake of the anchor, which is among the intermediates'),
      { signer: forged, intermediates: [impostor], anchors: [plain] },
      [untrusted, 'anchor'],
    ),
    accepts(
      head('namesake-beside', 'a namesake of the anchor among the intermediates'),
      { signer: genuine, intermediates: [impostor], anchors: [plain] },
      2,
    ),
    accepts(
      head('two-anchors-of-a-name', 'two anchors of one name; the second issued the signer'),
      { signer: genuine, anchors: [impostor, plain] },
      2,
    ),
    accepts(
      head('two-intermediates-of-a-name', 'two intermediates of one name, told apart by their identifiers'),
      below({}),
      3,
    ),
    accepts(
      head(
        'two-intermediates-alike',
        'two intermediates of one name, told apart by nothing but the signature',
      ),
      below(noIdentifiers),
      3,
    ),
    accepts(
      head('same-name-as-anchor', 'a signer with the name of its issuer, and another key'),
      { signer: makeSigner(anchor, { subject: 'anchor', key: ecKey('signer') }), anchors: [anchor] },
      2,
    ),
  ];
}

const issuer = makeAnchor();

/** A signer that names the certificate of its issuer by issuer and serial number. */
function pointing(name: Uint8Array, serial: Uint8Array): Path {
  const identifier = der(0x30, der(0xa1, generalName.directory(name)), der(0x82, serial));
  const extensions = [...endEntity, extension('2.5.29.35', identifier)];
  return { signer: makeSigner(issuer, { authorityKey: null, extensions }), anchors: [issuer] };
}

function identifiers(): ChainDraft[] {
  const head = (id: string, comment: string) => ['KeyIdentifier', id, comment] as const;
  const other = keyIdentifierOf(ecKey('other'));
  return [
    refuses(
      head('authority-key-of-another', 'the signer names another key of its issuer'),
      twoOf({ signer: { authorityKey: other } }),
      [untrusted, 'signer'],
    ),
    refuses(
      head('subject-key-of-another', 'the anchor names another key as its own'),
      twoOf({ anchor: { subjectKey: other } }),
      [untrusted, 'signer'],
    ),
    accepts(
      head('no-authority-key', 'the signer does not name the key of its issuer'),
      twoOf({ signer: { authorityKey: null } }),
      2,
    ),
    accepts(
      head('no-subject-key', 'the anchor does not name its own key'),
      twoOf({ anchor: { subjectKey: null } }),
      2,
    ),
    accepts(
      head('no-identifiers', 'nobody names a key'),
      threeOf({ anchor: noIdentifiers, intermediate: noIdentifiers, signer: noIdentifiers }),
      3,
    ),
    accepts(
      head('key-by-choice', 'identifiers that are no digest of a key'),
      twoOf({ anchor: { subjectKey: Uint8Array.of(7) }, signer: { authorityKey: Uint8Array.of(7) } }),
      2,
    ),
    accepts(
      head('authority-by-name', 'the signer names the certificate of its issuer by issuer and serial number'),
      pointing(issuer.subject, issuer.serial),
      2,
    ),
    accepts(
      head(
        'authority-by-another-name',
        'the signer names another certificate of the same key, which path validation does not ask about',
      ),
      pointing(commonName('elsewhere'), Uint8Array.of(9)),
      2,
    ),
    accepts(
      head('anchor-names-another', 'an anchor that names the key of another issuer'),
      {
        signer: makeSigner(makeCertificate(null, { subject: 'anchor' })),
        anchors: [makeAnchor({ authorityKey: other })],
      },
      2,
    ),
  ];
}
