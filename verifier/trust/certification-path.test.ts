import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import {
  authority,
  endEntity,
  firstCode,
  issuers,
  judgedAt,
  judges,
  parse,
  vendor,
} from '../../test-vectors/generate/judge-chain.ts';
import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { verifyChain } from './chain.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const judge = judges(pki);
const { issue, leaf } = issuers(pki);
const root = issue('root', null);
const inter = issue('inter', root);
const impostor = issue('inter', null);
const linked = [...endEntity, 'authorityKeyIdentifier=keyid'];
// openssl adds key identifiers unless told not to; without them only the signature tells two issuers apart.
const unlinked = [...endEntity, 'authorityKeyIdentifier=none'];

judge('issued by the anchor', null, () => ({ signer: leaf(root), anchors: [root] }));
judge('through an embedded intermediate', null, () => ({
  signer: leaf(inter, { extensions: linked }),
  intermediates: [inter],
  anchors: [root],
}));
judge('by an anchor that is itself issued', null, () => ({ signer: leaf(inter), anchors: [inter] }));
judge('through one anchor to another', null, () => ({ signer: leaf(inter), anchors: [root, inter] }));
judge('without extensions', null, () => ({ signer: leaf(root, { extensions: [] }), anchors: [root] }));
judge('with an impostor of the intermediate before it', null, () => ({
  signer: leaf(inter, { extensions: unlinked }),
  intermediates: [impostor, inter],
  anchors: [root],
  opensslVaries:
    'it takes one issuer of the name without trying its key; 3.0.19 takes the right one, 3.0.20 the other',
  opensslDiffers: 'it never tries a second issuer of one name',
}));

judge('with the intermediate missing', 'signer-untrusted', () => ({
  signer: leaf(inter),
  anchors: [root],
  says: /"CN=leaf" is not issued under a certificate of "vendor"/,
}));
judge('with the anchor missing', 'signer-untrusted', () => ({
  signer: leaf(inter),
  intermediates: [inter],
  anchors: [impostor],
  says: /"CN=inter", in the chain of "CN=leaf", is not issued under/,
}));
judge('signed by itself', 'signer-untrusted', () => ({
  signer: issue('stranger', null),
  anchors: [root],
  says: /"CN=stranger" is issued by itself and not among/,
}));
judge('by a root that only the message vouches for', 'signer-untrusted', () => ({
  signer: leaf(impostor),
  intermediates: [impostor],
  anchors: [root],
}));
judge('by an authority of the right name and another key', 'signer-untrusted', () => ({
  signer: leaf(impostor, { extensions: unlinked }),
  intermediates: [inter],
  anchors: [root],
}));
judge('by an anchor of the right name and another key', 'signer-untrusted', () => ({
  signer: leaf(impostor, { extensions: unlinked }),
  anchors: [inter],
}));
judge('by an anchor of another key identifier', 'signer-untrusted', () => {
  const renamed = issue('root', null, {
    key: root,
    extensions: [...authority.slice(0, 2), 'subjectKeyIdentifier=00'],
  });
  return { signer: leaf(root, { extensions: linked }), anchors: [renamed] };
});
judge('by an anchor of the right key and another name', 'signer-untrusted', () => ({
  signer: leaf(root),
  anchors: [issue('other', null, { key: root })],
}));
judge('by an anchor of the right key and the name in another spelling', 'signer-untrusted', () => ({
  signer: leaf(root),
  anchors: [issue('Root', null, { key: root })],
  opensslDiffers: 'it folds case; here names are compared byte for byte',
}));

judge('with RSA', null, () => {
  const rsaRoot = issue('root', null, { key: 'rsa2048' });
  return { signer: leaf(rsaRoot, { key: 'rsa2048' }), anchors: [rsaRoot] };
});
judge('with RSA-PSS', null, () => {
  const pssRoot = issue('root', null, { key: 'rsa-pss' });
  return { signer: leaf(pssRoot, { key: 'rsa-pss' }), anchors: [pssRoot] };
});
judge('with Ed25519', null, () => {
  const edRoot = issue('root', null, { key: 'ed25519' });
  return { signer: leaf(edRoot, { key: 'ed25519' }), anchors: [edRoot] };
});
judge('with P-521 and P-384', null, () => {
  const wideRoot = issue('root', null, { key: 'p521', digest: 'sha512' });
  const wideInter = issue('inter', wideRoot, { key: 'p384', digest: 'sha384' });
  return { signer: leaf(wideInter), intermediates: [wideInter], anchors: [wideRoot] };
});

function longChain(length: number) {
  const authorities: Issued[] = [root];
  let last = root;
  while (authorities.length < length - 1) {
    last = issue(`level ${authorities.length}`, last);
    authorities.unshift(last);
  }
  return { signer: leaf(last), intermediates: authorities.slice(0, -1), anchors: [root] };
}
judge('a path of eight certificates', null, () => longChain(8));
judge('a path of nine certificates', 'signer-untrusted', () => ({
  ...longChain(9),
  opensslDiffers: 'its own limit is 100',
}));

test('the chain goes from the signer to the anchor', () => {
  const verdict = verifyChain(parse(leaf(inter)), [parse(root), parse(inter)], vendor([root]), judgedAt);
  const subjects = verdict.ok && verdict.chain.map(({ subject }) => subject);
  assert.deepEqual(subjects, ['CN=leaf', 'CN=inter', 'CN=root']);
});

test('certificates that all sign each other cost no more than a bounded search', () => {
  const extensions = authority.slice(0, 2);
  const first = issue('mesh', null, { extensions });
  const rest = Array.from({ length: 15 }, () => issue('mesh', null, { key: first, extensions }));
  const mesh = [first, ...rest].map(parse);
  const victim = parse(leaf(first));
  const begin = process.cpuUsage();
  assert.equal(firstCode(verifyChain(victim, mesh, vendor([root]), judgedAt)), 'signer-untrusted');
  assert.ok(process.cpuUsage(begin).user < 1_000_000, 'took more than a second');
});
