import { accepts, type ChainDraft, refuses, threeOf, twoOf, unreadable } from './chain-case.ts';
import { type CertificateEdit, generalizedTime, utcTime } from './chain-certificate.ts';

const past = { notAfter: '20260601000000Z' };
const future = { notBefore: '20280601000000Z' };
const expired = 'certificate-expired' as const;

/** Cases about the dates of certificates, and how they are written. */
export function validityCases(): ChainDraft[] {
  return [...boundaries(), ...everyPlace(), ...spellings(), ...misspellings()];
}

function boundaries(): ChainDraft[] {
  const from = { notBefore: '20270101000000Z' };
  const until = { notAfter: '20270101000000Z' };
  const head = (id: string, comment: string) => ['Validity', id, comment] as const;
  const at = (signer: CertificateEdit) => twoOf({ signer });
  const everybody = threeOf({
    anchor: { ...from, ...until },
    intermediate: { ...from, ...until },
    signer: { ...from, ...until },
  });
  return [
    accepts(head('first-second', 'in its first second'), at(from), 2),
    refuses(head('second-too-early', 'a second before its first'), at(from), [expired, 'signer'], {
      now: '2026-12-31T23:59:59Z',
    }),
    accepts(head('second-before-last', 'a second before its last'), at(until), 2, {
      now: '2026-12-31T23:59:59Z',
    }),
    accepts(head('last-second', 'in its last second'), at(until), 2),
    refuses(head('second-too-late', 'a second after its last'), at(until), [expired, 'signer'], {
      now: '2027-01-01T00:00:01Z',
    }),
    accepts(head('valid-for-one-second', 'every certificate is valid for this second alone'), everybody, 3),
    refuses(
      head('never-valid', 'it ends before it begins'),
      at({ notBefore: '20280101000000Z', notAfter: '20260101000000Z' }),
      [expired, 'signer'],
    ),
  ];
}

function everyPlace(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Validity', id, comment] as const;
  return [
    refuses(head('signer-expired', 'the signer expired'), threeOf({ signer: past }), [expired, 'signer']),
    refuses(head('signer-early', 'the signer is not yet valid'), threeOf({ signer: future }), [
      expired,
      'signer',
    ]),
    refuses(head('intermediate-expired', 'the intermediate expired'), threeOf({ intermediate: past }), [
      ...[expired, 'intermediate'],
    ] as const),
    refuses(
      head('intermediate-early', 'the intermediate is not yet valid'),
      threeOf({ intermediate: future }),
      [...[expired, 'intermediate']] as const,
    ),
    refuses(head('anchor-expired', 'the anchor expired'), threeOf({ anchor: past }), [expired, 'anchor']),
    refuses(head('anchor-early', 'the anchor is not yet valid'), threeOf({ anchor: future }), [
      expired,
      'anchor',
    ]),
    accepts(
      head('outlives-its-issuer', 'the signer is valid for longer than its issuer'),
      threeOf({ intermediate: { notAfter: '20270601000000Z' } }),
      3,
    ),
  ];
}

function spellings(): ChainDraft[] {
  const head = (id: string, comment: string) => ['Time', id, comment] as const;
  const until = (notAfter: CertificateEdit['notAfter'] & {}) => twoOf({ signer: { notAfter } });
  return [
    accepts(head('no-expiry', 'the date that stands for none, 99991231235959Z'), until('99991231235959Z'), 2),
    accepts(head('year-2049', 'the last year of UTCTime'), until('20491231235959Z'), 2, {
      now: '2035-12-31T00:00:00Z',
    }),
    accepts(head('year-2050', 'the first year that needs GeneralizedTime'), until('20500101000000Z'), 2, {
      now: '2035-12-31T00:00:00Z',
    }),
    accepts(
      head('year-1950', 'the first year of UTCTime'),
      twoOf({ signer: { notBefore: utcTime('500101000000Z') } }),
      2,
    ),
    accepts(
      head(
        'generalized-early',
        'GeneralizedTime for a year that UTCTime has, which issuers must not write and verifiers must read',
      ),
      until(generalizedTime('20360101000000Z')),
      2,
    ),
    accepts(head('leap-day', '29 February of a leap year'), until('20280229235959Z'), 2),
  ];
}

function misspellings(): ChainDraft[] {
  const until = (id: string, comment: string, notAfter: Uint8Array) =>
    unreadable(['Time', id, comment], twoOf({ signer: { notAfter } }));
  return [
    until('no-seconds', 'UTCTime without seconds', utcTime('3601010000Z')),
    until('offset', 'UTCTime with an offset instead of Z', utcTime('360101000000+0000')),
    until('no-zone', 'UTCTime without Z', utcTime('360101000000')),
    until('month-13', 'a thirteenth month', utcTime('361301000000Z')),
    until('day-31-of-february', '31 February', utcTime('360231000000Z')),
    until('leap-day-of-no-leap-year', '29 February of a year without one', utcTime('350229000000Z')),
    until('hour-24', 'hour 24', utcTime('360101240000Z')),
    until('second-60', 'second 60', utcTime('360101000060Z')),
    until('fraction', 'GeneralizedTime with a fraction', generalizedTime('20360101000000.5Z')),
    until('fraction-zero', 'GeneralizedTime with a fraction of zero', generalizedTime('20360101000000.0Z')),
    until('local-time', 'GeneralizedTime without Z', generalizedTime('20360101000000')),
    until('time-empty', 'a time without characters', utcTime('')),
    until('time-letters', 'a time of letters', utcTime('tomorrow, 9amZ')),
  ];
}
