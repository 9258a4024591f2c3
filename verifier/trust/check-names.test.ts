import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { under as writtenUnder } from '../../test-vectors/generate/chain-constrained.ts';
import { generalName, nameOf, strings } from '../../test-vectors/generate/chain-name.ts';
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
import { parseCertificate } from './certificate.ts';
import { verifyChain } from './chain.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const judge = judges(pki);
const { issue, leaf } = issuers(pki);
const root = issue('root', null);

/** A signer with a subject and alternative names, under an authority with constraints. */
const under = (constraints: readonly string[], subject: string, ...names: readonly string[]) => {
  const inter = issue('inter', root, { extensions: [...authority, ...constraints] });
  const signer = leaf(inter, { subject, extensions: [...endEntity, ...names] });
  return { signer, intermediates: [inter], anchors: [root] };
};
const constraint = (value: string) => [`nameConstraints=critical,${value}`];
const directory = (kind: 'permitted' | 'excluded', ...name: readonly string[]) => [
  ...constraint(`${kind};dirName:name`),
  '[name]',
  ...name,
];

// The command that issues certificates puts common names first.
judge('a subject below what is permitted', null, () =>
  under(directory('permitted', 'CN=Example'), '/CN=Example/O=signer'),
);
judge('a subject not below what is permitted', 'certificate-unfit', () => ({
  ...under(directory('permitted', 'CN=Example'), '/CN=Elsewhere/O=signer'),
  says: /"CN=Elsewhere, O=signer" has its subject .* not permitted by "CN=inter"/,
}));
judge('a subject with the permitted name further down', 'certificate-unfit', () =>
  under(directory('permitted', 'O=Example'), '/CN=signer/O=Example'),
);
judge('a subject in capitals and with spaces below what is excluded', 'certificate-unfit', () => ({
  ...under(directory('excluded', 'CN=The Example'), '/CN= THE  EXAMPLE /O=signer'),
  says: /excluded by "CN=inter"/,
}));
judge('a subject beside what is excluded', null, () =>
  under(directory('excluded', 'CN=Example'), '/CN=Example 2/O=signer'),
);

judge('a host that is permitted', null, () =>
  under(constraint('permitted;DNS:example.org'), '/CN=signer', 'subjectAltName=DNS:a.example.org'),
);
judge('a host that is not permitted, beside one that is', 'certificate-unfit', () => ({
  ...under(
    constraint('permitted;DNS:example.org'),
    '/CN=signer',
    'subjectAltName=DNS:a.example.org,DNS:example.net',
  ),
  says: /"CN=signer" has "example\.net", which is not permitted/,
}));
judge('a host with a dot at its end below what is excluded', 'certificate-unfit', () => ({
  ...under(constraint('excluded;DNS:example.org'), '/CN=signer', 'subjectAltName=DNS:a.example.org.'),
  opensslDiffers: 'it compares text, in which the dot makes another host',
  says: /cannot be compared/,
}));
judge('a wildcard, and a host is excluded', 'certificate-unfit', () => ({
  ...under(constraint('excluded;DNS:a.example.org'), '/CN=signer', 'subjectAltName=DNS:*.example.org'),
  opensslDiffers: 'it compares text, in which the wildcard is another host',
}));
judge('a wildcard where hosts are not constrained', null, () =>
  under(constraint('excluded;email:example.org'), '/CN=signer', 'subjectAltName=DNS:*.example.org'),
);
judge('a common name that is a host', 'certificate-unfit', () =>
  under(constraint('permitted;DNS:example.org'), '/CN=signer.example.net'),
);
judge('a common name that is a host, beside a host that is permitted', null, () =>
  under(constraint('permitted;DNS:example.org'), '/CN=signer.example.net', 'subjectAltName=DNS:example.org'),
);

judge('a mail address beyond ASCII where addresses are excluded', 'certificate-unfit', () => ({
  ...under(
    constraint('excluded;email:example.org'),
    '/CN=signer',
    'subjectAltName=otherName:1.3.6.1.5.5.7.8.9;UTF8:a@example.org',
  ),
  says: /cannot be compared/,
}));
judge('a mail address in capitals that another spelling excludes', null, () =>
  under(constraint('excluded;email:a@example.org'), '/CN=signer', 'subjectAltName=email:A@example.org'),
);
judge('a URI elsewhere than permitted', 'certificate-unfit', () =>
  under(constraint('permitted;URI:.example.org'), '/CN=signer', 'subjectAltName=URI:https://example.net/'),
);
judge('a URI of an address, and a host is excluded', 'certificate-unfit', () => ({
  ...under(constraint('excluded;URI:example.org'), '/CN=signer', 'subjectAltName=URI:https://192.0.2.1/'),
  opensslDiffers: 'it takes the address for a host',
}));
judge('an address in what is excluded', 'certificate-unfit', () =>
  under(constraint('excluded;IP:192.0.2.0/255.255.255.0'), '/CN=signer', 'subjectAltName=IP:192.0.2.9'),
);
judge('a registered identifier, and one is excluded', 'certificate-unfit', () => ({
  ...under(constraint('excluded;RID:1.2.3'), '/CN=signer', 'subjectAltName=RID:1.2.4'),
  says: /a name of form other 8, which cannot be compared/,
}));

judge('constraints of the anchor', 'certificate-unfit', () => {
  const anchor = issue('anchor', null, {
    extensions: [...authority, ...directory('permitted', 'O=Example')],
  });
  return { signer: leaf(anchor), anchors: [anchor], says: /"CN=leaf" has its subject .* by "CN=anchor"/ };
});
judge('an authority that its own constraints would not permit, and that is issued by itself', null, () => {
  const anchor = issue('anchor', null, {
    extensions: [...authority, ...directory('permitted', 'CN=Example')],
  });
  const renewed = issue('anchor', anchor);
  const signer = leaf(renewed, { subject: '/CN=Example/O=signer' });
  return { signer, intermediates: [renewed], anchors: [anchor] };
});
judge('a signer issued by itself is not exempt', 'certificate-unfit', () => {
  const anchor = issue('anchor', null, {
    extensions: [...authority, ...directory('permitted', 'O=Example')],
  });
  return { signer: leaf(anchor, { subject: '/CN=anchor' }), anchors: [anchor] };
});
judge('constraints of a signer, which issued nothing', null, () => ({
  signer: leaf(root, { extensions: [...endEntity, ...directory('permitted', 'O=Example')] }),
  anchors: [root],
}));

test('a mailbox in the subject counts, whatever its string, and one that is none is refused', () => {
  const codeOf = (value: string, string: number) => {
    const subject = nameOf(['CN', 'signer'], ['E', value, string]);
    const path = writtenUnder({ excluded: [generalName.email('example.org')] }, { subject });
    const [signer, ...others] = [path.signer, ...(path.intermediates ?? []), ...path.anchors].map(({ der }) =>
      parseCertificate(der, 'certificate'),
    );
    assert.ok(signer !== undefined);
    return firstCode(verifyChain(signer, others, vendor([], { certificates: others.slice(-1) }), judgedAt));
  };
  const numericString = 0x12;
  assert.equal(codeOf('a@example.net', strings.ia5), null);
  assert.equal(codeOf('a@EXAMPLE.org', strings.ia5), 'certificate-unfit');
  assert.equal(codeOf('a@example.org', strings.utf8), 'certificate-unfit');
  assert.equal(codeOf('1', numericString), 'certificate-unfit');
});

const hosts = (count: number) => Array.from({ length: count }, (_, at) => `DNS:h${at.toString()}.example`);

test('more comparisons than an honest chain needs are refused unmade', () => {
  const excluded = hosts(128).map((host) => `excluded;${host}`);
  const verdictOf = (count: number) => {
    const names = `subjectAltName=${hosts(count).join(',').replaceAll('example', 'test')}`;
    const { signer, intermediates, anchors } = under(constraint(excluded.join(',')), '/CN=signer', names);
    return verifyChain(parse(signer), intermediates.map(parse), vendor(anchors), judgedAt);
  };
  assert.ok(verdictOf(126).ok);
  const verdict = verdictOf(129);
  assert.equal(!verdict.ok && verdict.reasons[0]?.code, 'certificate-unfit');
  assert.match((!verdict.ok && verdict.reasons[0]?.message) || '', /more names than can be compared/);
});
