import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { der, integer, oid } from '../../test-vectors/generate/der-writer.ts';
import { issuers, parse } from '../../test-vectors/generate/judge-chain.ts';
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { makeRevocationList } from '../../test-vectors/generate/openssl-revocation.ts';
import { Malformed } from '../bytes/failures.ts';
import { parseDer } from './der.ts';
import { parseRevocationLists } from './revocation-list.ts';

const pki = new OpensslPki();
after(() => pki.remove());
const { issue, leaf } = issuers(pki);
const root = issue('root', null);
const [bad, worse] = [leaf(root), leaf(root)];
const file = makeRevocationList(pki, {
  issuer: root,
  revoked: [bad, worse],
  thisUpdate: '20260203040506Z',
  nextUpdate: '20520203040506Z',
  extensions: ['authorityKeyIdentifier=keyid'],
});
const derOf = (path: string) => new Uint8Array(pki.run('crl', '-in', path, '-outform', 'DER'));
const plain = derOf(file);

function refuses(says: RegExp, bytes: Uint8Array): void {
  assert.throws(
    () => parseRevocationLists(bytes, 'list'),
    (error) => error instanceof Malformed && says.test(error.message),
  );
}

/** The list with one of the fields of its body replaced. */
function rewritten(edit: (fields: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const [body, algorithm, signature] = parseDer(plain, 'test').children;
  const fields = edit(body!.children.map(({ raw }) => raw));
  return der(0x30, der(0x30, ...fields), algorithm!.raw, signature!.raw);
}

const extension = (type: string, isCritical: boolean) =>
  der(0x30, oid(type), ...(isCritical ? [der(0x01, Uint8Array.of(0xff))] : []), der(0x04, der(0x05)));
const critical = extension('1.2.3.4', true);

/** Entries of the serial numbers 1, 2 and so on, each with an extension or none. */
function entries(...extensions: readonly (Uint8Array | undefined)[]): Uint8Array {
  const date = der(0x17, Buffer.from('260203000000Z'));
  const each = extensions.map((one, at) =>
    der(0x30, integer(at + 1), date, ...(one === undefined ? [] : [der(0x30, one)])),
  );
  return der(0x30, ...each);
}

test('the facts are those that openssl wrote', () => {
  const [list, ...others] = parseRevocationLists(readFileSync(file), 'list.crl');
  assert.ok(list !== undefined && others.length === 0);
  assert.equal(list.called, 'list.crl');
  assert.deepEqual(list.issuerDer, parse(root).subjectDer);
  // After 2049 the time is a GeneralizedTime, before a UTCTime.
  assert.equal(list.thisUpdate.toISOString(), '2026-02-03T04:05:06.000Z');
  assert.equal(list.nextUpdate?.toISOString(), '2052-02-03T04:05:06.000Z');
  assert.deepEqual([...list.revoked].sort(), [parse(bad).serial, parse(worse).serial].sort());
  assert.equal(list.authorityKeyIdentifier, parse(root).subjectKeyIdentifier);
  assert.deepEqual(list.unhandledCriticalExtensions, []);
  assert.deepEqual(list.signatureAlgorithm, { kind: 'ecdsa', digest: 'sha256' });
});

test('a file holds one list in DER or any number in PEM', () => {
  assert.equal(parseRevocationLists(plain, 'list')[0]?.called, 'list');
  const empty = makeRevocationList(pki, { issuer: root });
  const two = Buffer.concat([readFileSync(file), readFileSync(empty)]);
  assert.deepEqual(
    parseRevocationLists(two, 'lists').map(({ called, revoked }) => [called, revoked.size]),
    [
      ['lists: list 1', 2],
      ['lists: list 2', 0],
    ],
  );
  refuses(/has a CERTIFICATE block; only revocation lists belong here/, readFileSync(root.certificate));
  refuses(/is empty/, new Uint8Array());
  refuses(/has no revocation list/, Buffer.from('nothing of the kind'));
  refuses(/larger than 8388608 bytes/, new Uint8Array(8 * 1024 * 1024 + 1));
});

test('a list of a part of what was revoked says so', () => {
  const distribution = makeRevocationList(pki, {
    issuer: root,
    extensions: ['issuingDistributionPoint=critical,@point', '[point]', 'onlyuser=TRUE'],
  });
  assert.deepEqual(parseRevocationLists(derOf(distribution), 'list')[0]?.unhandledCriticalExtensions, [
    '2.5.29.28',
  ]);
  // Not even where it is not critical, as it has to be.
  const delta = makeRevocationList(pki, { issuer: root, extensions: ['2.5.29.27=DER:020101'] });
  assert.deepEqual(parseRevocationLists(derOf(delta), 'list')[0]?.unhandledCriticalExtensions, ['2.5.29.27']);
  const unknown = makeRevocationList(pki, {
    issuer: root,
    extensions: ['1.2.3.4=critical,DER:0500', '1.2.3.5=DER:0500'],
  });
  assert.deepEqual(parseRevocationLists(derOf(unknown), 'list')[0]?.unhandledCriticalExtensions, ['1.2.3.4']);
});

test('whatever the reason, a certificate on the list is on it', () => {
  for (const reason of ['certificateHold', 'cessationOfOperation', 'removeFromCRL']) {
    const list = makeRevocationList(pki, {
      issuer: root,
      revoked: [bad],
      ...(reason === 'removeFromCRL' ? {} : { reason }),
    });
    assert.ok(parseRevocationLists(derOf(list), 'list')[0]?.revoked.has(parse(bad).serial));
  }
});

test('a list without a next update is read as one, and version 1 as well', () => {
  const withoutNext = rewritten((fields) => fields.filter((_, at) => at !== 4));
  assert.equal(parseRevocationLists(withoutNext, 'list')[0]?.nextUpdate, null);
  const version1 = rewritten((fields) => [...fields.slice(1, -2), entries(undefined, undefined)]);
  assert.equal(parseRevocationLists(version1, 'list')[0]?.revoked.size, 2);
});

test('extensions are those of version 2, and there is no other version', () => {
  refuses(
    /has extensions without being version 2/,
    rewritten((fields) => [...fields.slice(1, -2), entries(undefined, critical)]),
  );
  refuses(
    /has extensions without being version 2/,
    rewritten((fields) => [...fields.slice(1, -2), entries(undefined), ...fields.slice(-1)]),
  );
  for (const version of [0, 2]) {
    refuses(
      /is of an unknown version/,
      rewritten((fields) => fields.with(0, integer(version))),
    );
  }
});

test('an entry with a critical extension that nobody knows says so for the whole list', () => {
  const unhandledOf = (...extensions: readonly (Uint8Array | undefined)[]) => {
    const list = rewritten((fields) => fields.with(5, entries(undefined, ...extensions)));
    return parseRevocationLists(list, 'list')[0]?.unhandledCriticalExtensions;
  };
  assert.deepEqual(unhandledOf(critical, critical), ['1.2.3.4']);
  assert.deepEqual(unhandledOf(extension('1.2.3.4', false)), []);
  assert.deepEqual(unhandledOf(extension('2.5.29.21', true)), []);
});

test('fields in another order, twice, or of another type are refused', () => {
  refuses(
    /has fields that do not belong there/,
    rewritten((fields) => [...fields, integer(1)]),
  );
  refuses(
    /has fields that do not belong there/,
    rewritten(([version, ...rest]) => [...rest, version!]),
  );
  refuses(
    /names two signature algorithms/,
    rewritten((fields) => fields.with(1, der(0x30, oid('1.2.840.10045.4.3.3')))),
  );
  refuses(
    /time that does not exist/,
    rewritten((fields) => fields.with(3, der(0x17, Buffer.from('260230000000Z')))),
  );
  refuses(
    /entry: has fields/,
    rewritten((fields) => fields.with(5, der(0x30, der(0x30, integer(1))))),
  );
  const negative = der(0x30, integer(0xff), der(0x17, Buffer.from('260203000000Z')));
  refuses(
    /serial number: is negative/,
    rewritten((fields) => fields.with(5, der(0x30, negative))),
  );
  const twice = der(0x30, oid('1.2.3.4'), der(0x04, Uint8Array.of(5, 0)));
  refuses(
    /has an extension twice/,
    rewritten((fields) => fields.with(-1, der(0xa0, der(0x30, twice, twice)))),
  );
});

test('more entries than anybody needs are refused', () => {
  const entry = der(0x30, integer(1), der(0x17, Buffer.from('260203000000Z')));
  const many = (count: number) =>
    rewritten((fields) => fields.with(5, der(0x30, ...Array<Uint8Array>(count).fill(entry))));
  assert.equal(parseRevocationLists(many(100_000), 'list')[0]?.revoked.size, 1);
  refuses(/has more than 100000 entries/, many(100_001));
});

test('a list changed in any one bit is read, or refused with our own error', () => {
  for (let bit = 0; bit < plain.length * 8; bit++) {
    const bytes = new Uint8Array(plain);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    onlyOwnErrors(bytes);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), onlyOwnErrors));
});

function onlyOwnErrors(bytes: Uint8Array): void {
  try {
    parseRevocationLists(bytes, 'list');
  } catch (error) {
    assert.ok(error instanceof Malformed, String(error));
  }
}
