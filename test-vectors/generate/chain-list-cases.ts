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
import type { MadeCertificate } from './chain-certificate.ts';
import { type ListParts, makeList, reasonCode, type Revoked } from './chain-list.ts';

const [revoked, unknown] = ['certificate-revoked', 'revocation-unknown'] as const;
const anchor = makeAnchor();
const intermediate = makeIntermediate(anchor);
const signer = makeSigner(intermediate);
const above = makeList(anchor);
const below = makeList(intermediate);

/** Cases about what revocation lists say of whom, and when. */
export function listCases(): ChainDraft[] {
  return [...entries(), ...coverage(), ...dates(), ...several(), ...anchors()];
}

function withLists(...lists: readonly Uint8Array[]): Path {
  return { signer, intermediates: [intermediate], anchors: [anchor], lists };
}

/** The list of the intermediate is another one. */
function withBelow(edit: Partial<ListParts>): Path {
  return withLists(above, makeList(intermediate, edit));
}

function entries(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Revoked', id, comment] as const;
  const listed = (edit: Partial<Revoked> = {}) =>
    withBelow({ revoked: [{ serial: signer.serial, ...edit }] });
  const listedAbove = makeList(anchor, { revoked: [{ serial: intermediate.serial }] });
  const many = Array.from({ length: 300 }, (_, at) => ({ serial: Uint8Array.of(0x41, at >> 8, at & 0xff) }));
  return [
    accepts(head('nobody-revoked', 'lists of both issuers, with nobody in them'), withLists(above, below), 3),
    accepts(head('lists-in-other-order', 'the lists in another order'), withLists(below, above), 3),
    refuses(head('signer-revoked', 'the signer is revoked'), listed(), [revoked, 'signer']),
    refuses(head('intermediate-revoked', 'the intermediate is revoked'), withLists(listedAbove, below), [
      revoked,
      'intermediate',
    ]),
    refuses(
      head('revoked-among-many', 'the signer is the last of three hundred that are revoked'),
      withBelow({ revoked: [...many, { serial: signer.serial }] }),
      [revoked, 'signer'],
    ),
    accepts(head('others-revoked', 'three hundred others are revoked'), withBelow({ revoked: many }), 3),
    accepts(
      head('same-number-elsewhere', 'another issuer revoked its certificate of the same number'),
      withLists(makeList(anchor, { revoked: [{ serial: signer.serial }] }), below),
      3,
    ),
    refuses(head('on-hold', 'the signer is on hold'), listed({ extensions: [reasonCode(6)] }), [
      revoked,
      'signer',
    ]),
    refuses(
      head('removed', 'the signer is in a list as one that was removed from it'),
      listed({ extensions: [reasonCode(8)] }),
      [revoked, 'signer'],
    ),
    refuses(
      head('revoked-twice', 'the signer is in the list twice'),
      withBelow({ revoked: [{ serial: signer.serial }, { serial: signer.serial }] }),
      [revoked, 'signer'],
    ),
    accepts(
      head('entries-empty', 'a list of revoked certificates with none in it, which should not be there'),
      withBelow({ revoked: [] }),
      3,
    ),
    refuses(
      head('key-compromised', 'the key of the signer is known to others'),
      listed({ extensions: [reasonCode(1)] }),
      [revoked, 'signer'],
    ),
    refuses(
      head('revoked-later', 'the signer is revoked, dated after the moment'),
      { ...listed() },
      [revoked, 'signer'],
      { now: '2026-12-01T00:00:00Z' },
    ),
  ];
}

function coverage(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Coverage', id, comment] as const;
  const other = makeAnchor({ subject: 'other' });
  const two = makeSigner(anchor);
  return [
    refuses(head('no-lists', 'lists are asked for, and there are none'), withLists(), [unknown, 'signer']),
    refuses(head('no-list-below', 'no list of the intermediate'), withLists(above), [unknown, 'signer']),
    refuses(head('no-list-above', 'no list of the anchor'), withLists(below), [unknown, 'intermediate']),
    refuses(head('list-of-another', 'a list of another issuer alone'), withLists(makeList(other)), [
      unknown,
      'signer',
    ]),
    accepts(
      head('list-of-another-beside', 'a list of another issuer besides'),
      withLists(makeList(other), above, below),
      3,
    ),
    accepts(
      head('one-list-for-two', 'the anchor issued the signer'),
      { signer: two, anchors: [anchor], lists: [above] },
      2,
    ),
    accepts(
      head('renewed-after-revocation', 'an intermediate is revoked, another over its key is not'),
      {
        ...{
          signer,
          intermediates: [intermediate, makeIntermediate(anchor, { notAfter: '20350101000000Z' })],
          anchors: [anchor],
        },
        lists: [makeList(anchor, { revoked: [{ serial: intermediate.serial }] }), below],
      },
      3,
    ),
  ];
}

function dates(): ChainDraft[] {
  const head = (id: string, comment: string) => ['ListDates', id, comment] as const;
  const list = (edit: Partial<ListParts>) => withBelow(edit);
  return [
    refuses(
      head('list-expired', 'the list of the intermediate is to be replaced by now'),
      list({ nextUpdate: '20261231235959Z' }),
      [unknown, 'signer'],
    ),
    refuses(
      head('list-early', 'the list of the intermediate is not yet valid'),
      list({ thisUpdate: '20270101000001Z' }),
      [unknown, 'signer'],
    ),
    accepts(
      head('list-first-second', 'a list in its first second'),
      list({ thisUpdate: '20270101000000Z' }),
      3,
    ),
    accepts(
      head('list-last-second', 'a list in the second of its next update'),
      list({ nextUpdate: '20270101000000Z' }),
      3,
    ),
    refuses(head('list-without-end', 'a list without a next update'), list({ nextUpdate: null }), [
      unknown,
      'signer',
    ]),
    refuses(
      head('list-above-expired', 'the list of the anchor is to be replaced by now'),
      withLists(makeList(anchor, { nextUpdate: '20261231235959Z' }), below),
      [unknown, 'intermediate'],
    ),
    refuses(
      head('revoked-in-expired-list', 'revoked in a list that is to be replaced by now'),
      list({ nextUpdate: '20261231235959Z', revoked: [{ serial: signer.serial }] }),
      [unknown, 'signer'],
    ),
  ];
}

function several(): ChainDraft[] {
  const head = (id: string, comment: string) => ['TwoLists', id, comment] as const;
  const older: Partial<ListParts> = { thisUpdate: '20261115000000Z' };
  const listed: Partial<ListParts> = { revoked: [{ serial: signer.serial }] };
  const two = (first: Partial<ListParts>, second: Partial<ListParts>) =>
    withLists(above, makeList(intermediate, first), makeList(intermediate, second));
  return [
    refuses(head('revoked-in-newer', 'not in a list, and revoked in a newer one'), two(older, listed), [
      revoked,
      'signer',
    ]),
    refuses(
      head('revoked-in-older', 'revoked in a list, and no more in a newer one'),
      two({ ...older, ...listed }, {}),
      [revoked, 'signer'],
    ),
    refuses(
      head('revoked-in-second', 'not in a list, and revoked in another of the same date'),
      two({}, listed),
      [revoked, 'signer'],
    ),
    accepts(
      head('one-expired', 'a list to be replaced by now, and its replacement'),
      two({ nextUpdate: '20261201000000Z', thisUpdate: '20261101000000Z' }, {}),
      3,
    ),
    accepts(head('list-twice', 'the same list twice'), two({}, {}), 3),
  ];
}

function anchors(): ChainDraft[] {
  const head = (id: string, comment: string) => ['AnchorRevoked', id, comment] as const;
  const pinned: Given = { mode: 'pinned' };
  const itself = makeList(anchor, { revoked: [{ serial: anchor.serial }] });
  const two: MadeCertificate = makeSigner(anchor);
  return [
    accepts(
      head('anchor-revokes-itself', 'the anchor is in its own list, which nobody above it signed'),
      withLists(itself, below),
      3,
    ),
    accepts(
      head('anchor-below-a-root-lists', 'no list says anything of the anchor, whose issuer is not trusted'),
      { signer, anchors: [intermediate], lists: [below] },
      2,
    ),
    refuses(
      head('pinned-without-list', 'the signer is pinned, and no list says anything of it'),
      { signer: two, anchors: [two], lists: [] },
      [unknown, 'signer'],
      pinned,
    ),
    refuses(
      head(
        'pinned-with-strange-list',
        'the signer is pinned, and its issuer, whom nobody trusts, has a list',
      ),
      { signer: two, intermediates: [anchor], anchors: [two], lists: [above] },
      [unknown, 'signer'],
      pinned,
    ),
    accepts(
      head('pinned-with-list', 'the signer and its issuer are pinned, and the issuer has a list'),
      { signer: two, anchors: [two, anchor], lists: [above] },
      1,
      pinned,
    ),
    refuses(
      head('pinned-revoked', 'the signer and its issuer are pinned, and the issuer revoked the signer'),
      {
        signer: two,
        anchors: [two, anchor],
        lists: [makeList(anchor, { revoked: [{ serial: two.serial }] })],
      },
      [revoked, 'signer'],
      pinned,
    ),
  ];
}
