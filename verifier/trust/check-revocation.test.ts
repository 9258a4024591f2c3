import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import {
  authority,
  firstCode,
  issuers,
  judgedAt,
  parse,
  vendor,
} from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { type ListRequest, makeRevocationList } from '../../test-vectors/generate/openssl-revocation.ts';
import type { ReasonCode } from '../reasons.ts';
import { verifyChain } from './chain.ts';
import { parseRevocationLists } from './revocation-list.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const mayRevoke = [authority[0]!, 'keyUsage=critical,keyCertSign,cRLSign', authority[2]!];
const root = issue('root', null, { extensions: mayRevoke });
const inter = issue('inter', root, { extensions: mayRevoke });
const signer = leaf(inter);
const list = (issuer: Issued, request: Partial<ListRequest> = {}) =>
  makeRevocationList(pki, { issuer, ...request });
const [rootList, interList] = [list(root), list(inter)];

function verdictOf(
  lists: readonly string[],
  edit: { signer?: Issued; anchors?: readonly Issued[]; mode?: 'pinned' | 'issued' } = {},
) {
  const { anchors = [root], mode = 'issued' } = edit;
  const revocationLists = lists.flatMap((path) => parseRevocationLists(readFileSync(path), 'list.crl'));
  return verifyChain(
    parse(edit.signer ?? signer),
    [parse(inter)],
    vendor(anchors, { mode, revocationLists }),
    judgedAt,
  );
}

function opensslAccepts(lists: readonly string[], judged: Issued): boolean {
  return pki.accepts(
    ...['verify', '-crl_check_all', '-attime', (judgedAt.getTime() / 1000).toString()],
    ...[
      '-no-CAfile',
      '-no-CApath',
      '-no-CAstore',
      '-trusted',
      root.certificate,
      '-untrusted',
      inter.certificate,
    ],
    ...(lists.length > 0
      ? ['-CRLfile', pki.write(lists.map((path) => readFileSync(path, 'utf8')).join(''), 'crl')]
      : []),
    judged.certificate,
  );
}

/** What we say of the chain with these lists; openssl says the same. */
function judge(expected: ReasonCode | null, lists: readonly string[], judged = signer): void {
  assert.equal(firstCode(verdictOf(lists, { signer: judged })), expected);
  assert.equal(opensslAccepts(lists, judged), expected === null, 'openssl verify -crl_check_all');
}

test('a chain whose every issuer has a list that is in date and names none of it is good', () =>
  judge(null, [rootList, interList]));

test('a certificate without a list of its issuer is not known to be good', () => {
  for (const lists of [[], [rootList], [interList]]) judge('revocation-unknown', lists);
});

test('a revoked signer and a revoked intermediate are found', () => {
  judge('certificate-revoked', [rootList, list(inter, { revoked: [signer] })]);
  judge('certificate-revoked', [list(root, { revoked: [inter] }), interList]);
  judge('certificate-revoked', [rootList, list(inter, { revoked: [signer], reason: 'certificateHold' })]);
  judge(null, [rootList, list(inter, { revoked: [leaf(inter)] })]);
});

test('of two lists of one issuer, what either revokes is revoked', () => {
  const revoking = list(inter, { revoked: [signer] });
  for (const lists of [
    [rootList, interList, revoking],
    [rootList, revoking, interList],
  ])
    assert.equal(firstCode(verdictOf(lists)), 'certificate-revoked');
});

test('a list out of date says nothing', () => {
  const early = { thisUpdate: '20260101000000Z', nextUpdate: '20261231235959Z' };
  judge('revocation-unknown', [rootList, list(inter, early)]);
  judge('revocation-unknown', [rootList, list(inter, { thisUpdate: '20270101000001Z' })]);
  judge(null, [rootList, list(inter, { thisUpdate: '20270101000000Z' })]);
  assert.equal(
    firstCode(verdictOf([rootList, list(inter, { ...early, nextUpdate: '20270101000000Z' })])),
    null,
  );
});

test('an expired list still says what it says: it is not used, and nothing else is either', () => {
  const old = list(inter, { revoked: [signer], nextUpdate: '20261231235959Z' });
  assert.equal(firstCode(verdictOf([rootList, old])), 'revocation-unknown');
});

test('a list that somebody else signed says nothing', () => {
  const impostor = issue('inter', null, { extensions: mayRevoke });
  judge('revocation-unknown', [rootList, list(impostor)]);
  judge('revocation-unknown', [rootList, list(root)]);
  const bytes = pki.run('crl', '-in', interList, '-outform', 'DER');
  bytes[bytes.length - 1]! ^= 1;
  const broken = pki.write(bytes, 'der');
  judge('revocation-unknown', [rootList, pki.write(pki.run('crl', '-inform', 'DER', '-in', broken), 'crl')]);
});

test('an issuer who may not sign lists has none', () => {
  const silent = issue('silent', root, { extensions: authority });
  const below = leaf(silent);
  const revocationLists = [rootList, list(silent)].flatMap((path) =>
    parseRevocationLists(readFileSync(path), 'l'),
  );
  const verdict = verifyChain(parse(below), [parse(silent)], vendor([root], { revocationLists }), judgedAt);
  assert.equal(firstCode(verdict), 'revocation-unknown');
});

test('a list that names another key of its issuer, a part only, or that is weakly signed says nothing', () => {
  const other = issue('inter', root, { extensions: mayRevoke });
  const otherKey = parse(other).subjectKeyIdentifier ?? '';
  const bad: readonly Partial<ListRequest>[] = [
    { extensions: [`2.5.29.35=DER:30168014${otherKey}`] },
    { extensions: ['issuingDistributionPoint=critical,@point', '[point]', 'onlyCA=TRUE'] },
    { extensions: ['1.2.3.4=critical,DER:0500'] },
    { digest: 'sha1' },
  ];
  for (const request of bad)
    assert.equal(
      firstCode(verdictOf([rootList, list(inter, request)])),
      'revocation-unknown',
      JSON.stringify(request),
    );
});

test('what a list of a part revokes is revoked, and what it does not name is not known to be good', () => {
  const parts = [
    ['issuingDistributionPoint=critical,@point', '[point]', 'onlyuser=TRUE'],
    ['2.5.29.27=critical,DER:020101'],
    ['1.2.3.4=critical,DER:0500'],
  ];
  for (const extensions of parts) {
    const revoking = list(inter, { revoked: [signer], extensions });
    const [silent, where] = [list(inter, { extensions }), extensions.join()];
    assert.equal(firstCode(verdictOf([rootList, revoking])), 'certificate-revoked', where);
    assert.equal(firstCode(verdictOf([rootList, interList, revoking])), 'certificate-revoked', where);
    assert.equal(firstCode(verdictOf([rootList, silent])), 'revocation-unknown', where);
    assert.equal(firstCode(verdictOf([rootList, silent, interList])), null, where);
  }
});

test('a pinned signer is asked about as well, of lists that a certificate of its set signed', () => {
  const pinned = { mode: 'pinned', anchors: [signer, inter] } as const;
  assert.equal(firstCode(verdictOf([interList], pinned)), null);
  assert.equal(firstCode(verdictOf([list(inter, { revoked: [signer] })], pinned)), 'certificate-revoked');
  assert.equal(firstCode(verdictOf([interList], { ...pinned, anchors: [signer] })), 'revocation-unknown');
  assert.equal(firstCode(verdictOf([], pinned)), 'revocation-unknown');
});

test('the reason names the certificate, and the list or what is wrong with it', () => {
  const says = (lists: readonly string[]): string => {
    const verdict = verdictOf(lists);
    return verdict.ok ? '' : (verdict.reasons[0]?.message ?? '');
  };
  const { serial } = parse(signer);
  assert.equal(
    says([rootList, list(inter, { revoked: [signer] })]),
    `The certificate "CN=leaf", serial number ${serial}, is revoked by list.crl.`,
  );
  assert.match(
    says([rootList]),
    /whether the certificate "CN=leaf" is revoked: no list of its issuer is at hand\.$/,
  );
  assert.match(
    says([rootList, list(inter, { nextUpdate: '20261231235959Z' })]),
    /: list\.crl expired on 2026-12-31T23:59:59\.000Z\.$/,
  );
});
