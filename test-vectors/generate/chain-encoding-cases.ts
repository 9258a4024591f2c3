import {
  accepts,
  type ChainDraft,
  makeAnchor,
  makeSigner,
  refuses,
  threeOf,
  twoOf,
  unreadable,
} from './chain-case.ts';
import { type CertificateEdit, type MadeCertificate, makeCertificate } from './chain-certificate.ts';
import {
  authority,
  basicConstraints,
  endEntity,
  extension,
  keyUsage,
  unknownExtension,
} from './chain-extension.ts';
import { der, integer, oid } from './der-writer.ts';

const unfit = 'certificate-unfit' as const;
const bare = { extensions: [], subjectKey: null, authorityKey: null };

/** Cases about versions, serial numbers, and about bytes that are not the one encoding of a certificate. */
export function encodingCases(): ChainDraft[] {
  return [
    ...versions(),
    ...serials(),
    ...extensions(),
    ...badConstraints(),
    ...encodings(),
    ...notCertificates(),
  ];
}

function versions(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Version', id, comment] as const;
  const first: CertificateEdit = { version: null, ...bare };
  return [
    accepts(head('version-1-signer', 'a signer of version 1'), twoOf({ signer: first }), 2),
    refuses(
      head('version-1-intermediate', 'an intermediate of version 1'),
      threeOf({ intermediate: first }),
      [unfit, 'intermediate'],
    ),
    refuses(head('version-1-anchor', 'an anchor of version 1'), twoOf({ anchor: first }), [unfit, 'anchor']),
    accepts(head('version-2-signer', 'a signer of version 2'), twoOf({ signer: { ...bare, version: 1 } }), 2),
    unreadable(head('version-1-extensions', 'extensions in version 1'), twoOf({ signer: { version: null } })),
    unreadable(head('version-2-extensions', 'extensions in version 2'), twoOf({ signer: { version: 1 } })),
    unreadable(head('version-4', 'a version that does not exist'), twoOf({ signer: { version: 3 } })),
    accepts(
      head('version-1-written', 'version 1, which DER leaves out, written out'),
      twoOf({ signer: { ...bare, version: 0 } }),
      2,
    ),
  ];
}

function serials(): ChainDraft[] {
  const head = (id: string, comment: string) => ['SerialNumber', id, comment] as const;
  const signer = (...serial: readonly number[]) => twoOf({ signer: { serial: Uint8Array.from(serial) } });
  const long = (length: number, first: number) => Array.from({ length }, (_, at) => (at === 0 ? first : at));
  return [
    accepts(head('serial-1', 'the serial number 1'), signer(1), 2),
    accepts(
      head('serial-0', 'the serial number 0, which issuers must not give and verifiers should handle'),
      signer(0),
      2,
    ),
    accepts(head('serial-20-octets', 'a serial number of 20 octets'), signer(...long(20, 0x7f)), 2),
    accepts(
      head('serial-20-octets-high', 'a serial number of 20 octets with the highest bit set'),
      signer(0, ...long(20, 0xff)),
      2,
    ),
    unreadable(head('serial-21-octets', 'a serial number of 21 octets'), signer(...long(21, 0x7f))),
    unreadable(head('serial-negative', 'a negative serial number'), signer(0xff, 0x01)),
    unreadable(head('serial-padded', 'a serial number with a zero before it'), signer(0, 1)),
    unreadable(head('serial-empty', 'a serial number without octets'), signer()),
  ];
}

function extensions(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Extensions', id, comment] as const;
  const signer = (...more: readonly Uint8Array[]) => twoOf({ signer: { extensions: more } });
  const between = (...more: readonly Uint8Array[]) => threeOf({ intermediate: { extensions: more } });
  const raw = (type: string, critical: Uint8Array) =>
    der(0x30, oid(type), critical, der(0x04, Uint8Array.of(5, 0)));
  return [
    unreadable(
      head('constraints-twice', 'basic constraints twice, once as no authority'),
      between(basicConstraints(false), ...authority),
    ),
    unreadable(
      head('constraints-twice-reversed', 'basic constraints twice, once as an authority'),
      between(...authority, basicConstraints(false)),
    ),
    unreadable(
      head('usage-twice', 'key usage twice, the same'),
      signer(...endEntity, keyUsage('digitalSignature')),
    ),
    unreadable(
      head('unknown-twice', 'an unknown extension twice'),
      signer(...endEntity, unknownExtension(false), unknownExtension(false)),
    ),
    accepts(
      head('critical-false', 'an extension that is not critical says so, which DER leaves out'),
      signer(...endEntity, raw('1.2.3.4', der(0x01, Uint8Array.of(0)))),
      2,
    ),
    unreadable(
      head('critical-1', 'an extension that is critical with the value 1'),
      signer(...endEntity, raw('1.2.3.4', der(0x01, Uint8Array.of(1)))),
    ),
    unreadable(
      head('usage-no-bits', 'a key usage that is no bit string'),
      signer(extension('2.5.29.15', Uint8Array.of(4, 1, 0x80), true)),
    ),
    unreadable(
      head('usages-empty', 'extended key usage without any'),
      signer(...endEntity, extension('2.5.29.37', der(0x30))),
    ),
    accepts(
      head('extensions-empty', 'a list of extensions with none in it, which means as much as no list'),
      twoOf({ signer: { ...bare, editSigned: (tbs) => withField(tbs, der(0xa3, der(0x30))) } }),
      2,
    ),
  ];
}

function badConstraints(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Extensions', id, comment] as const;
  const between = (value: string) =>
    threeOf({
      intermediate: {
        extensions: [extension('2.5.29.19', Buffer.from(value, 'hex'), true), keyUsage('keyCertSign')],
      },
    });
  const badly = (id: string, comment: string, value: string) => unreadable(head(id, comment), between(value));
  return [
    badly('constraints-trailing', 'bytes behind basic constraints', '30030101ff00'),
    badly('constraints-length-alone', 'a path length and no authority', '3003020100'),
    badly('constraints-negative-length', 'a negative path length', '30060101ff0201ff'),
    badly('constraints-indefinite', 'basic constraints of indefinite length', '30800101ff0000'),
    badly('constraints-no-sequence', 'basic constraints that are a boolean', '0101ff'),
    refuses(
      head('constraints-false-written', 'basic constraints with cA false, which DER leaves out, written out'),
      between('3003010100'),
      [unfit, 'intermediate'],
    ),
  ];
}

/** A structure with one more field at its end. */
function withField(structure: Uint8Array, field: Uint8Array): Uint8Array {
  const header = (structure[1] ?? 0) < 0x80 ? 2 : 2 + ((structure[1] ?? 0) & 0x7f);
  return der(0x30, structure.subarray(header), field);
}

function encodings(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Encoding', id, comment] as const;
  const anchor = makeAnchor();
  const plain = makeSigner(anchor);
  const spelled = (edit: (der: Uint8Array) => Uint8Array): MadeCertificate => ({
    ...plain,
    der: edit(plain.der),
  });
  const trailing = spelled((bytes) => Buffer.concat([bytes, Buffer.of(0)]));
  const inside = (bytes: Uint8Array) => bytes.subarray(4);
  const signed = (editSigned: (tbs: Uint8Array) => Uint8Array) => twoOf({ signer: { editSigned } });
  return [
    unreadable(head('trailing-byte', 'a byte behind the signer'), { signer: trailing, anchors: [anchor] }),
    unreadable(head('trailing-byte-intermediate', 'a byte behind a certificate that is not needed'), {
      signer: plain,
      intermediates: [trailing],
      anchors: [anchor],
    }),
    unreadable(head('truncated', 'a byte is missing'), {
      signer: spelled((bytes) => bytes.subarray(0, -1)),
      anchors: [anchor],
    }),
    unreadable(head('indefinite-length', 'a signer of indefinite length'), {
      signer: spelled((bytes) => Buffer.concat([Buffer.of(0x30, 0x80), inside(bytes), Buffer.of(0, 0)])),
      anchors: [anchor],
    }),
    unreadable(head('long-length', 'a length in more octets than needed'), {
      signer: spelled((bytes) => Buffer.concat([Buffer.of(0x30, 0x83, 0), bytes.subarray(2)])),
      anchors: [anchor],
    }),
    unreadable(
      head('another-field', 'a field that does not exist'),
      signed((tbs) => withField(tbs, der(0xa4, integer(0)))),
    ),
    accepts(
      head('unique-identifier', 'a unique identifier of the subject'),
      twoOf({ signer: { uniqueIdentifier: Uint8Array.of(0, 7) } }),
      2,
    ),
    accepts(
      head('usage-bits-behind', 'zeros behind the last bit of the key usage, which DER leaves out'),
      twoOf({ signer: { extensions: [extension('2.5.29.15', Uint8Array.of(3, 2, 0, 0x80), true)] } }),
      2,
    ),
    unreadable(
      head('usage-bits-beyond', 'ones in the unused bits of the key usage'),
      twoOf({ signer: { extensions: [extension('2.5.29.15', Uint8Array.of(3, 2, 7, 0xff), true)] } }),
    ),
  ];
}

function notCertificates(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Encoding', id, comment] as const;
  const anchor = makeAnchor();
  const made = (bytes: Uint8Array): MadeCertificate => ({ ...anchor, der: bytes });
  const plain = makeCertificate(null, { subject: 'signer', extensions: endEntity });
  return [
    unreadable(head('no-certificate', 'a signer that is an integer'), {
      signer: made(integer(1)),
      anchors: [anchor],
    }),
    unreadable(head('broken-anchor', 'an anchor that is not needed and no certificate'), {
      signer: makeSigner(anchor),
      anchors: [anchor, made(integer(1))],
    }),
    unreadable(head('over-64-kib', 'a certificate of more than 64 KiB'), {
      signer: makeSigner(anchor, {
        extensions: [...endEntity, extension('1.2.3.4', der(0x04, Buffer.alloc(65_536)))],
      }),
      anchors: [anchor],
    }),
    unreadable(head('two-certificates', 'two certificates one behind the other'), {
      signer: made(Buffer.concat([plain.der, plain.der])),
      anchors: [anchor],
    }),
  ];
}
