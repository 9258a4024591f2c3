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
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { verifyChain } from './chain.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const judge = judges(pki);
const { issue, leaf } = issuers(pki);
const root = issue('root', null);
const past = '20260601000000Z';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const critical = '1.2.3.4=critical,DER:0500';
const below = (extensions: readonly string[]) => {
  const inter = issue('inter', root, { extensions });
  return { signer: leaf(inter), intermediates: [inter], anchors: [root] };
};

judge('expired', 'certificate-expired', () => ({
  signer: leaf(root, { notAfter: past }),
  anchors: [root],
  says: /"CN=leaf" expired on 2026-06-01T00:00:00/,
}));
judge('not yet valid', 'certificate-expired', () => ({
  signer: leaf(root, { notBefore: '20280601000000Z' }),
  anchors: [root],
  says: /"CN=leaf" is not valid before 2028-06-01T00:00:00/,
}));
judge('in its first second', null, () => ({
  signer: leaf(root, { notBefore: '20270101000000Z' }),
  anchors: [root],
}));
judge('a second before its first', 'certificate-expired', () => ({
  signer: leaf(root, { notBefore: '20270101000001Z' }),
  anchors: [root],
}));
judge('in its last second', null, () => ({
  signer: leaf(root, { notAfter: '20270101000000Z' }),
  anchors: [root],
  opensslDiffers: 'it counts the last second as expired, RFC 5280 section 4.1.2.5 as valid',
}));
judge('a second after its last', 'certificate-expired', () => ({
  signer: leaf(root, { notAfter: '20261231235959Z' }),
  anchors: [root],
}));
judge('under an expired intermediate', 'certificate-expired', () => {
  const inter = issue('inter', root, { notAfter: past });
  return { signer: leaf(inter), intermediates: [inter], anchors: [root], says: /"CN=inter" expired/ };
});
judge('under an expired anchor', 'certificate-expired', () => {
  const old = issue('old', null, { notAfter: past });
  return { signer: leaf(old), anchors: [old], says: /"CN=old" expired/ };
});

judge('under a CA:FALSE certificate', 'certificate-unfit', () => ({
  ...below(['basicConstraints=CA:FALSE']),
  says: /"CN=inter" issued another one and is no certificate authority/,
}));
judge('under a certificate without basic constraints', 'certificate-unfit', () => below(authority.slice(2)));
judge('under a certificate without extensions', 'certificate-unfit', () => below([]));
judge('under an anchor without basic constraints', 'certificate-unfit', () => {
  const anchor = issue('anchor', null, { extensions: authority.slice(2) });
  return { signer: leaf(anchor), anchors: [anchor] };
});
judge('under an authority without keyCertSign', 'certificate-unfit', () => ({
  ...below(['basicConstraints=CA:TRUE', 'keyUsage=cRLSign']),
  says: /"CN=inter" may not sign certificates/,
}));
judge('under an authority without key usage', null, () => below(['basicConstraints=CA:TRUE']));
judge('under two authorities without path length', null, () => {
  const inter = issue('inter', root);
  const second = issue('second', inter);
  return { signer: leaf(second), intermediates: [inter, second], anchors: [root] };
});

const short = issue('short', null, {
  extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', ...authority.slice(1)],
});
judge('right below a path length of 0', null, () => ({ signer: leaf(short), anchors: [short] }));
judge('an authority right below a path length of 0', null, () => ({
  signer: issue('last', short, { extensions: ['basicConstraints=CA:TRUE'] }),
  anchors: [short],
}));
judge('two below a path length of 0', 'certificate-unfit', () => {
  const inter = issue('inter', short);
  const says = /"CN=short" allows 0 authorities below itself, and here are 1/;
  return { signer: leaf(inter), intermediates: [inter], anchors: [short], says };
});
judge('two below a path length of 0, one of them issued to its own name', null, () => {
  const renewed = issue('short', short);
  return { signer: leaf(renewed), intermediates: [renewed], anchors: [short] };
});
judge('three below a path length of 1', 'certificate-unfit', () => {
  const inter = issue('inter', root, { extensions: ['basicConstraints=CA:TRUE,pathlen:1'] });
  const second = issue('second', inter);
  const third = issue('third', second);
  return { signer: leaf(third), intermediates: [inter, second, third], anchors: [root] };
});

judge('without digitalSignature', 'certificate-unfit', () => ({
  signer: leaf(root, { extensions: ['keyUsage=critical,keyEncipherment'] }),
  anchors: [root],
  purpose: 'smimesign',
  says: /"CN=leaf" may not sign data/,
}));
judge('with nonRepudiation alone', null, () => ({
  signer: leaf(root, { extensions: ['keyUsage=nonRepudiation'] }),
  anchors: [root],
  purpose: 'smimesign',
}));

judge('with an unknown critical extension', 'certificate-unfit', () => ({
  signer: leaf(root, { extensions: [...endEntity, critical] }),
  anchors: [root],
  says: /"CN=leaf" has the extension 1\.2\.3\.4, which cannot be enforced/,
}));
judge('with an unknown extension that is not critical', null, () => ({
  signer: leaf(root, { extensions: [...endEntity, '1.2.3.4=DER:0500'] }),
  anchors: [root],
}));
judge('under an intermediate with an unknown critical extension', 'certificate-unfit', () => ({
  ...below([...authority, critical]),
  says: /"CN=inter"/,
}));
judge('under an anchor with an unknown critical extension', 'certificate-unfit', () => {
  const anchor = issue('anchor', null, { extensions: [...authority, critical] });
  return { signer: leaf(anchor), anchors: [anchor], says: /"CN=anchor"/ };
});
judge('under constraints on names that it does not have', null, () => ({
  ...below([...authority, 'nameConstraints=permitted;DNS:example.org']),
}));
judge('under constraints on names that it has', 'certificate-unfit', () => ({
  ...below([...authority, 'nameConstraints=critical,excluded;dirName:name', '[name]', 'CN=leaf']),
  says: /"CN=leaf" has its subject .* excluded by "CN=inter"/,
}));

const client = [...endEntity, 'extendedKeyUsage=clientAuth'];
const forClients = { anchors: [root], usages: [clientAuth], purpose: 'sslclient' } as const;
judge('with the usage that is required', null, () => ({
  signer: leaf(root, { extensions: client }),
  ...forClients,
}));
judge('with another usage than required', 'certificate-unfit', () => ({
  signer: leaf(root, { extensions: [...endEntity, 'extendedKeyUsage=serverAuth'] }),
  ...forClients,
  says: /"CN=leaf" lacks the extended key usage 1\.3\.6\.1\.5\.5\.7\.3\.2/,
}));
judge('with one of two usages required', 'certificate-unfit', () => ({
  signer: leaf(root, { extensions: client }),
  ...forClients,
  usages: [clientAuth, '1.2.3'],
  opensslDiffers: 'it can be asked for one usage only',
}));
judge('with no usage where one is required', 'certificate-unfit', () => ({
  signer: leaf(root),
  ...forClients,
  opensslDiffers: 'it takes a missing extension for every usage',
}));
judge('with anyExtendedKeyUsage where one is required', 'certificate-unfit', () => ({
  signer: leaf(root, { extensions: [...endEntity, 'extendedKeyUsage=anyExtendedKeyUsage'] }),
  ...forClients,
}));
const clientBelow = (usage: string) => {
  const inter = issue('inter', root, { extensions: [...authority, `extendedKeyUsage=${usage}`] });
  return { signer: leaf(inter, { extensions: client }), intermediates: [inter], ...forClients };
};
judge('under an authority for the usage', null, () => clientBelow('clientAuth'));
judge('under an authority for another usage', 'certificate-unfit', () => ({
  ...clientBelow('serverAuth'),
  says: /"CN=inter" does not allow the extended key usage/,
}));
judge('under an authority for any usage', null, () => ({
  ...clientBelow('anyExtendedKeyUsage'),
  opensslDiffers: 'version 3.0 does not look for anyExtendedKeyUsage in an authority',
}));

judge('with RSA of 1024 bits', 'signature-weak', () => ({
  signer: leaf(root, { key: 'rsa1024' }),
  anchors: [root],
  says: /"CN=leaf" has an RSA key of 1024 bits/,
}));
judge('with a key on secp256k1', 'signature-weak', () => ({
  signer: leaf(root, { key: 'secp256k1' }),
  anchors: [root],
  opensslDiffers: 'its levels know sizes, not curves',
}));
judge('under an intermediate with RSA of 1024 bits', 'signature-weak', () => {
  const weak = issue('weak', root, { key: 'rsa1024' });
  return { signer: leaf(weak), intermediates: [weak], anchors: [root], says: /"CN=weak"/ };
});
judge('under an anchor with RSA of 1024 bits', 'signature-weak', () => {
  const weak = issue('weak', null, { key: 'rsa1024' });
  return { signer: leaf(weak), anchors: [weak] };
});
for (const digest of ['sha1', 'md5']) {
  judge(`signed with ${digest}`, 'signature-weak', () => {
    const rsaRoot = issue('root', null, { key: 'rsa2048' });
    const says = /"CN=leaf" is signed with the weak algorithm/;
    return { signer: leaf(rsaRoot, { digest }), anchors: [rsaRoot], says };
  });
}
judge('signed with ECDSA and SHA-1', 'signature-weak', () => ({
  signer: leaf(root, { digest: 'sha1' }),
  anchors: [root],
}));
judge('signed with an algorithm unknown here', 'signature-weak', () => {
  const foreign = issue('root', null, { key: 'ed448' });
  const opensslDiffers = 'it knows Ed448';
  return { signer: leaf(foreign), anchors: [foreign], says: /unknown algorithm/, opensslDiffers };
});
judge('under an intermediate signed with SHA-1', 'signature-weak', () => {
  const weak = issue('weak', root, { digest: 'sha1' });
  return { signer: leaf(weak), intermediates: [weak], anchors: [root], says: /"CN=weak"/ };
});
judge('under an anchor signed with SHA-1', null, () => {
  const old = issue('old', null, { digest: 'sha1' });
  return { signer: leaf(old), anchors: [old] };
});

test('every fault of a path is named, from the signer upwards', () => {
  const inter = issue('inter', root, { notAfter: past });
  const signer = leaf(inter, { notAfter: past, key: 'rsa1024' });
  const verdict = verifyChain(parse(signer), [parse(inter)], vendor([root]), judgedAt);
  const codes = !verdict.ok && verdict.reasons.map(({ code }) => code);
  assert.deepEqual(codes, ['certificate-expired', 'signature-weak', 'certificate-expired']);
});

test('a date that is none is a refusal', () => {
  const never = new Date(NaN);
  const pinned = vendor([root], { mode: 'pinned' });
  assert.equal(firstCode(verifyChain(parse(leaf(root)), [], vendor([root]), never)), 'certificate-expired');
  assert.equal(firstCode(verifyChain(parse(root), [], pinned, never)), 'certificate-expired');
});
