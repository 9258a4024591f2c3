import {
  accepts,
  type ChainDraft,
  type Given,
  makeAnchor,
  makeIntermediate,
  makeSigner,
  type Path,
  refuses,
} from './chain-case.ts';
import type { CertificateEdit, MadeCertificate } from './chain-certificate.ts';
import { endEntity, extendedKeyUsage, keyUsage, purposes, unknownExtension } from './chain-extension.ts';
import { ecKey, oddRsaKeys } from './chain-keys.ts';

const untrusted = 'signer-untrusted' as const;
const [pinned, either]: readonly Given[] = [{ mode: 'pinned' }, { mode: 'either' }];
const anchor = makeAnchor();
const signer = makeSigner(anchor);
const alone = makeAnchor({ subject: 'signer', extensions: endEntity });

/** Cases about whom sets of anchors trust, by their mode. */
export function trustCases(): ChainDraft[] {
  return [...modes(), ...pins(), ...pinnedDates(), ...lookalikes()];
}

function modes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Mode', id, comment] as const;
  const by = (...anchors: readonly MadeCertificate[]): Path => ({ signer, anchors });
  const itself: Path = { signer: anchor, anchors: [anchor] };
  const self: Path = { signer: alone, anchors: [alone] };
  const intermediate = makeIntermediate(anchor);
  return [
    accepts(head('pinned', 'the signer is pinned'), by(signer), 1, pinned),
    accepts(head('pinned-self-signed', 'the signer is pinned, and signed by itself'), self, 1, pinned),
    accepts(
      head('pinned-among-others', 'the signer is pinned, and others are'),
      by(alone, anchor, signer),
      1,
      pinned,
    ),
    refuses(
      head('issuer-pinned', 'the issuer of the signer is pinned'),
      by(anchor),
      [untrusted, 'signer'],
      pinned,
    ),
    refuses(head('nobody-pinned', 'nobody is pinned'), by(), [untrusted, 'signer'], pinned),
    accepts(head('either-pinned', 'either: the signer is an anchor'), by(signer), 1, either),
    accepts(head('either-issued', 'either: the issuer of the signer is an anchor'), by(anchor), 2, either),
    accepts(
      head('either-both', 'either: the signer and its issuer are anchors'),
      by(anchor, signer),
      1,
      either,
    ),
    accepts(head('either-root', 'either: the anchor signs'), itself, 1, either),
    refuses(head('either-neither', 'either: neither is an anchor'), by(alone), [untrusted, 'signer'], either),
    refuses(head('issued-itself', 'issued: the anchor signs'), itself, [untrusted, 'anchor']),
    refuses(head('issued-not-pinned', 'issued: the signer is an anchor'), by(signer), [untrusted, 'signer']),
    accepts(
      head('issued-and-anchor', 'issued: the signer and its issuer are anchors'),
      by(signer, anchor),
      2,
    ),
    refuses(
      head('self-signed', 'a signer that is signed by itself, and no anchor'),
      { signer: alone, anchors: [anchor] },
      [untrusted, 'signer'],
    ),
    refuses(
      head('self-signed-brought', 'a signer that is signed by itself, which is among the intermediates'),
      { signer: alone, intermediates: [alone], anchors: [anchor] },
      [untrusted, 'signer'],
    ),
    refuses(
      head('pinned-intermediate', 'the intermediate is pinned'),
      { signer: makeSigner(intermediate), intermediates: [intermediate], anchors: [intermediate] },
      [untrusted, 'signer'],
      pinned,
    ),
  ];
}

function self(edit: CertificateEdit): Path {
  const one = makeAnchor({ subject: 'signer', extensions: endEntity, ...edit });
  return { signer: one, anchors: [one] };
}

function pins(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Pinned', id, comment] as const;
  const forMail: Given = { ...pinned, extendedKeyUsage: [purposes.emailProtection] };
  return [
    refuses(
      head('pinned-rsa-1024', 'the pinned key is RSA of 1024 bits'),
      {
        signer: makeSigner(anchor, { key: oddRsaKeys.rsa1024() }),
        anchors: [makeSigner(anchor, { key: oddRsaKeys.rsa1024() })],
      },
      ['signature-weak', 'signer'],
      pinned,
    ),
    accepts(
      head(
        'pinned-critical',
        'the pinned certificate has an unknown critical extension, which whoever pinned it has seen',
      ),
      self({ extensions: [...endEntity, unknownExtension(true)] }),
      1,
      pinned,
    ),
    accepts(
      head('pinned-authority', 'the pinned certificate is for signing certificates'),
      self({ extensions: [keyUsage('keyCertSign')] }),
      1,
      pinned,
    ),
    accepts(
      head('pinned-usage', 'the pinned certificate has the usage that is required'),
      self({ extensions: [...endEntity, extendedKeyUsage('emailProtection')] }),
      1,
      forMail,
    ),
    refuses(
      head('pinned-other-usage', 'the pinned certificate has another usage'),
      self({ extensions: [...endEntity, extendedKeyUsage('clientAuth')] }),
      ['certificate-unfit', 'signer'],
      forMail,
    ),
  ];
}

function pinnedDates(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Pinned', id, comment] as const;
  return [
    refuses(
      head('pinned-expired', 'the pinned certificate expired'),
      self({ notAfter: '20260601000000Z' }),
      ['certificate-expired', 'signer'],
      pinned,
    ),
    refuses(
      head('pinned-early', 'the pinned certificate is not yet valid'),
      self({ notBefore: '20280601000000Z' }),
      ['certificate-expired', 'signer'],
      pinned,
    ),
    accepts(
      head('pinned-first-second', 'the pinned certificate is in its first second'),
      self({ notBefore: '20270101000000Z' }),
      1,
      pinned,
    ),
    accepts(
      head('pinned-last-second', 'the pinned certificate is in its last second'),
      self({ notAfter: '20270101000000Z' }),
      1,
      pinned,
    ),
  ];
}

function lookalikes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Pinned', id, comment] as const;
  const flipped = (value: Uint8Array) =>
    Uint8Array.from(value, (octet, at) => (at === 20 ? octet ^ 1 : octet));
  const twin = makeSigner(anchor, { notAfter: '20350101000000Z' });
  const resigned = makeSigner(anchor, { editValue: flipped });
  return [
    accepts(
      head('pinned-not-signed', 'the signature on the pinned certificate is wrong, which nobody relies on'),
      { signer: resigned, anchors: [resigned] },
      1,
      pinned,
    ),
    refuses(
      head('pinned-twin', 'pinned is another certificate of the same name and key'),
      { signer, anchors: [twin] },
      [untrusted, 'signer'],
      pinned,
    ),
    refuses(
      head('pinned-resigned', 'pinned is the same certificate with another signature'),
      { signer, anchors: [resigned] },
      [untrusted, 'signer'],
      pinned,
    ),
    refuses(
      head('pinned-namesake', 'pinned is another certificate of the same name'),
      { signer, anchors: [makeSigner(anchor, { key: ecKey('namesake') })] },
      [untrusted, 'signer'],
      pinned,
    ),
    accepts(
      head('pinned-issuer-expired', 'the pinned certificate is valid, its issuer is not'),
      {
        signer: makeSigner(makeAnchor({ notAfter: '20260601000000Z' })),
        anchors: [makeSigner(makeAnchor({ notAfter: '20260601000000Z' }))],
      },
      1,
      pinned,
    ),
  ];
}
