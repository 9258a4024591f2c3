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
import { type CertificateEdit, usualKey } from './chain-certificate.ts';
import {
  basicConstraints,
  keyUsage,
  unknownExtension,
  authority,
  endEntity,
  extension,
} from './chain-extension.ts';
import { der } from './der-writer.ts';

const unfit = 'certificate-unfit' as const;
const signCertificates = keyUsage('keyCertSign', 'cRLSign');

/** Cases about who may issue certificates, how many below each other, and about extensions that nobody knows. */
export function constraintCases(): ChainDraft[] {
  return [...authorities(), ...pathLengths(), ...unknownExtensions()];
}

function authorities(): ChainDraft[] {
  const head = (id: string, comment: string) => ['BasicConstraints', id, comment] as const;
  const between = (...extensions: readonly Uint8Array[]) => threeOf({ intermediate: { extensions } });
  const above = (...extensions: readonly Uint8Array[]) => twoOf({ anchor: { extensions } });
  const atIntermediate = [unfit, 'intermediate'] as const;
  const atAnchor = [unfit, 'anchor'] as const;
  return [
    accepts(head('plain', 'anchor, intermediate and signer'), threeOf(), 3),
    accepts(head('direct', 'anchor and signer'), twoOf(), 2),
    refuses(
      head('no-basic-constraints', 'an intermediate without basic constraints'),
      between(signCertificates),
      atIntermediate,
    ),
    refuses(
      head('not-an-authority', 'an intermediate with cA false'),
      between(basicConstraints(false), signCertificates),
      atIntermediate,
    ),
    refuses(
      head('no-extensions', 'an intermediate without extensions'),
      threeOf({ intermediate: { extensions: [], subjectKey: null, authorityKey: null } }),
      atIntermediate,
    ),
    accepts(
      head('constraints-not-critical', 'basic constraints that are not critical'),
      between(basicConstraints(true, undefined, false), signCertificates),
      3,
    ),
    refuses(
      head('anchor-no-basic-constraints', 'an anchor without basic constraints'),
      above(signCertificates),
      atAnchor,
    ),
    refuses(
      head('anchor-not-an-authority', 'an anchor with cA false'),
      above(basicConstraints(false), signCertificates),
      atAnchor,
    ),
    accepts(
      head('signer-is-authority', 'the signer is an authority itself'),
      twoOf({
        signer: { extensions: [basicConstraints(true), keyUsage('keyCertSign', 'digitalSignature')] },
      }),
      2,
    ),
    accepts(
      head('signer-no-basic-constraints', 'the signer has no basic constraints'),
      twoOf({ signer: { extensions: [keyUsage('digitalSignature')] } }),
      2,
    ),
  ];
}

const limited = (length: number): CertificateEdit => ({
  extensions: [basicConstraints(true, length), signCertificates],
});

/** An intermediate with the name of the anchor, which is of path length 0. */
function selfIssued(): Path {
  const anchor = makeAnchor(limited(0));
  const renewed = makeIntermediate(anchor, { subject: 'anchor', key: usualKey('renewed') });
  return { signer: makeSigner(renewed), intermediates: [renewed], anchors: [anchor] };
}

/** Two intermediates. */
function long(anchor: CertificateEdit, first: CertificateEdit = {}): Path {
  const root = makeAnchor(anchor);
  const upper = makeIntermediate(root, { subject: 'upper', ...first });
  const lower = makeIntermediate(upper);
  return { signer: makeSigner(lower), intermediates: [upper, lower], anchors: [root] };
}

function pathLengths(): ChainDraft[] {
  const head = (id: string, comment: string) => ['PathLength', id, comment] as const;
  return [
    accepts(head('length-0-kept', 'a signer right below path length 0'), twoOf({ anchor: limited(0) }), 2),
    refuses(head('length-0', 'an intermediate below path length 0'), threeOf({ anchor: limited(0) }), [
      unfit,
      'anchor',
    ]),
    accepts(
      head('length-1-kept', 'one intermediate below path length 1'),
      threeOf({ anchor: limited(1) }),
      3,
    ),
    refuses(head('length-1', 'two intermediates below path length 1'), long(limited(1)), [unfit, 'anchor']),
    refuses(
      head('length-of-intermediate', 'an intermediate below another of path length 0'),
      long({}, limited(0)),
      [unfit, 'upper'],
    ),
    accepts(
      head(
        'length-grows-below',
        'an intermediate that allows itself more than its issuer does, and does not use it',
      ),
      threeOf({ anchor: limited(1), intermediate: limited(7) }),
      3,
    ),
    refuses(
      head('length-does-not-grow', 'an intermediate that allows itself more than its issuer does'),
      long(limited(0), limited(7)),
      [unfit, 'anchor'],
    ),
    accepts(
      head('length-0-self-issued', 'a self-issued certificate below path length 0 does not count'),
      selfIssued(),
      3,
    ),
    accepts(
      head('length-0-authority-signs', 'the signer right below path length 0 is an authority'),
      twoOf({
        anchor: limited(0),
        signer: { extensions: [basicConstraints(true), keyUsage('digitalSignature', 'keyCertSign')] },
      }),
      2,
    ),
    accepts(head('length-300', 'a path length of two octets'), threeOf({ anchor: limited(300) }), 3),
  ];
}

function unknownExtensions(): ChainDraft[] {
  const head = (id: string, comment: string) => ['CriticalExtension', id, comment] as const;
  const [critical, harmless] = [unknownExtension(true), unknownExtension(false)];
  const policyConstraints = extension('2.5.29.36', der(0x30, der(0x80, Uint8Array.of(0))), true);
  return [
    refuses(
      head('critical-in-signer', 'unknown and critical in the signer'),
      threeOf({ signer: { extensions: [...endEntity, critical] } }),
      [unfit, 'signer'],
    ),
    refuses(
      head('critical-in-intermediate', 'unknown and critical in the intermediate'),
      threeOf({ intermediate: { extensions: [...authority, critical] } }),
      [unfit, 'intermediate'],
    ),
    refuses(
      head('critical-in-anchor', 'unknown and critical in the anchor'),
      threeOf({ anchor: { extensions: [...authority, critical] } }),
      [unfit, 'anchor'],
    ),
    accepts(
      head('unknown-everywhere', 'unknown in every certificate, and nowhere critical'),
      threeOf({
        anchor: { extensions: [...authority, harmless] },
        intermediate: { extensions: [...authority, harmless] },
        signer: { extensions: [...endEntity, harmless] },
      }),
      3,
    ),
    refuses(
      head('policy-constraints', 'an explicit policy is required, and policies are not processed'),
      threeOf({ intermediate: { extensions: [...authority, policyConstraints] } }),
      [unfit, 'intermediate'],
    ),
  ];
}
