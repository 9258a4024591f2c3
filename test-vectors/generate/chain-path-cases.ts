import { accepts, type ChainDraft, makeAnchor, makeIntermediate, makeSigner, refuses } from './chain-case.ts';
import { type CertificateEdit, type MadeCertificate, makeCertificate } from './chain-certificate.ts';
import { authority, basicConstraints, keyUsage } from './chain-extension.ts';
import { ecKey, edwardsKey } from './chain-keys.ts';

const untrusted = 'signer-untrusted' as const;
const past = { notAfter: '20260601000000Z' };
const anchor = makeAnchor();
const intermediate = makeIntermediate(anchor);
const signer = makeSigner(intermediate);

/** Cases about finding a path among many certificates. */
export function pathCases(): ChainDraft[] {
  return [
    ...supplied(),
    ...anchorsAnywhere(),
    ...crossed(),
    ...meshes(),
    ...choices(),
    ...lengths(),
    ...crowds(),
  ];
}

function supplied(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Path', id, comment] as const;
  const unrelated = makeAnchor({ subject: 'unrelated' });
  return [
    refuses(head('gap', 'the intermediate is missing'), { signer, anchors: [anchor] }, [untrusted, 'signer']),
    refuses(
      head('gap-above', 'the anchor is missing'),
      { signer, intermediates: [intermediate], anchors: [unrelated] },
      [untrusted, 'intermediate'],
    ),
    refuses(
      head('anchor-as-intermediate', 'the root is brought along, and no anchor'),
      { signer, intermediates: [intermediate, anchor], anchors: [unrelated] },
      [untrusted, 'anchor'],
    ),
    refuses(
      head('no-anchors', 'no anchors'),
      { signer, intermediates: [intermediate, anchor], anchors: [] },
      [untrusted, 'anchor'],
    ),
    accepts(
      head('anchor-brought', 'the anchor is among the intermediates'),
      { signer, intermediates: [anchor, intermediate], anchors: [anchor] },
      3,
    ),
    accepts(
      head('signer-brought', 'the signer is among the intermediates'),
      { signer, intermediates: [signer, intermediate], anchors: [anchor] },
      3,
    ),
    accepts(
      head('intermediate-twice', 'the intermediate is there twice'),
      { signer, intermediates: [intermediate, intermediate], anchors: [anchor] },
      3,
    ),
    accepts(
      head('unrelated', 'certificates that have nothing to do with it'),
      {
        signer,
        intermediates: [unrelated, makeIntermediate(unrelated), intermediate],
        anchors: [unrelated, anchor],
      },
      3,
    ),
  ];
}

function anchorsAnywhere(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Path', id, comment] as const;
  return [
    accepts(
      head('anchor-below-a-root', 'the anchor was issued by somebody who is not trusted'),
      { signer, anchors: [intermediate] },
      2,
    ),
    accepts(
      head('anchors-above-each-other', 'an anchor that another anchor issued'),
      { signer, anchors: [anchor, intermediate] },
      2,
    ),
    accepts(
      head('intermediates-among-anchors', 'the intermediate and the root are anchors, the root first'),
      { signer, intermediates: [intermediate], anchors: [anchor, intermediate] },
      2,
    ),
  ];
}

const mesh = (names: readonly string[]): MadeCertificate[] =>
  names.flatMap((subject) =>
    names
      .filter((name) => name !== subject)
      .map((name) => makeIntermediate(makeAnchor({ subject: name }), { subject })),
  );

function crossed(): ChainDraft[] {
  const head = (id: string, comment: string) => ['CrossCertificate', id, comment] as const;
  const other = makeAnchor({ subject: 'other' });
  const crossed = makeIntermediate(anchor, { subject: 'other' });
  const back = makeIntermediate(other, { subject: 'anchor' });
  const below = makeSigner(other);
  return [
    accepts(
      head('crossed', 'another root, certified by the anchor'),
      { signer: below, intermediates: [crossed], anchors: [anchor] },
      3,
    ),
    accepts(
      head('crossed-and-root', 'another root by itself, and certified by the anchor'),
      { signer: below, intermediates: [other, crossed], anchors: [anchor] },
      null,
    ),
    accepts(
      head('crossed-both-ways', 'two roots that certify each other'),
      { signer: below, intermediates: [back, crossed], anchors: [anchor] },
      3,
    ),
    refuses(
      head('loop', 'two authorities that certify each other, and nobody else does'),
      { signer: below, intermediates: [back, crossed], anchors: [makeAnchor({ subject: 'far' })] },
      [untrusted, 'anchor'],
    ),
    accepts(
      head('both-roots', 'two roots that certify each other, both anchors'),
      { signer: below, intermediates: [back, crossed], anchors: [anchor, other] },
      2,
    ),
  ];
}

function meshes(): ChainDraft[] {
  const head = (id: string, comment: string) => ['CrossCertificate', id, comment] as const;
  const names = ['one', 'two', 'three', 'four', 'five', 'six'];
  const many = mesh(names);
  const inMesh = makeSigner(makeAnchor({ subject: 'one' }));
  const entrance = makeIntermediate(anchor, { subject: 'six' });
  return [
    refuses(
      head('mesh', 'six authorities that all certify each other, and nobody else does'),
      { signer: inMesh, intermediates: many, anchors: [anchor] },
      [untrusted, null],
    ),
    accepts(
      head(
        'mesh-with-entrance',
        'six authorities that all certify each other; the anchor certifies the issuer of the signer',
      ),
      {
        signer: inMesh,
        intermediates: [makeIntermediate(anchor, { subject: 'one' }), ...many],
        anchors: [anchor],
      },
      3,
    ),
    accepts(
      head(
        'mesh-with-far-entrance',
        'four authorities that all certify each other; the anchor certifies the last',
      ),
      {
        signer: inMesh,
        intermediates: [...mesh(['one', 'two', 'three', 'six']), entrance],
        anchors: [anchor],
      },
      null,
    ),
  ];
}

function choices(): ChainDraft[] {
  const head = (id: string, comment: string) => ['TwoPaths', id, comment] as const;
  const old = makeIntermediate(anchor, past);
  const bad = makeIntermediate(anchor, {
    extensions: [basicConstraints(false), keyUsage('digitalSignature')],
  });
  const second = makeAnchor({ subject: 'second', ...past });
  const bySecond = makeIntermediate(second);
  const choice = (...intermediates: readonly MadeCertificate[]) => ({
    signer,
    intermediates,
    anchors: [anchor, second],
  });
  return [
    accepts(
      head('expired-first', 'an intermediate that expired, then its renewal'),
      choice(old, intermediate),
      3,
    ),
    accepts(
      head('expired-last', 'an intermediate, then the one that it renewed'),
      choice(intermediate, old),
      3,
    ),
    accepts(
      head('unfit-first', 'an intermediate that is no authority, then one of the same key that is'),
      choice(bad, intermediate),
      3,
    ),
    accepts(
      head('unfit-last', 'an intermediate, then one of the same key that is no authority'),
      choice(intermediate, bad),
      3,
    ),
    accepts(
      head('expired-anchor-first', 'under an anchor that expired, and under another'),
      choice(bySecond, intermediate),
      3,
    ),
    refuses(
      head('both-bad', 'two paths, both with an expired intermediate'),
      choice(old, makeIntermediate(anchor, { notAfter: '20260701000000Z' })),
      ['certificate-expired', 'intermediate'],
    ),
  ];
}

function ladder(length: number, edit: CertificateEdit = {}): MadeCertificate[] {
  const rungs = [anchor];
  for (let at = 1; at < length - 1; at++) {
    rungs.push(makeIntermediate(rungs.at(-1) ?? anchor, { subject: `rung ${at}`, ...edit }));
  }
  return rungs;
}

function lengths(): ChainDraft[] {
  const head = (id: string, comment: string) => ['LongPath', id, comment] as const;
  const path = (length: number) => {
    const rungs = ladder(length);
    return {
      signer: makeSigner(rungs.at(-1) ?? anchor),
      intermediates: rungs.slice(1).reverse(),
      anchors: [anchor],
    };
  };
  return [
    accepts(head('eight', 'a path of eight certificates'), path(8), 8),
    refuses(head('nine', 'a path of nine certificates'), path(9), [untrusted, null]),
    refuses(head('twelve', 'a path of twelve certificates'), path(12), [untrusted, null]),
  ];
}

function crowds(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Crowd', id, comment] as const;
  const strangers = (count: number, edit: CertificateEdit) =>
    Array.from({ length: count }, (_, at) => {
      const key = edwardsKey(`stranger ${at}`);
      return makeCertificate(null, {
        subject: 'intermediate',
        key,
        subjectKey: null,
        extensions: [],
        ...edit,
      });
    });
  const alike = makeIntermediate(anchor, { subjectKey: null, key: ecKey('crowded') });
  const below = makeSigner(alike, { authorityKey: null });
  return [
    accepts(
      head('crowd-of-others', 'two hundred certificates of other names'),
      {
        signer,
        intermediates: [...strangers(200, { subject: 'stranger' }), intermediate],
        anchors: [anchor],
      },
      3,
    ),
    accepts(
      head('crowd-of-namesakes', 'two hundred certificates with the name of the intermediate before it'),
      {
        signer: below,
        intermediates: [...strangers(200, { extensions: authority }), alike],
        anchors: [anchor],
      },
      3,
    ),
  ];
}
