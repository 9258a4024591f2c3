import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';
import { writeVerity } from '../../test-vectors/generate/verity-writer.ts';
import { Malformed } from '../bytes/failures.ts';
import { bytesSource } from './bytes-source.ts';
import { checkRootHashClaims, openImage, verityParts } from './image.ts';
import { noSidecars, readSidecarClaim, type Sidecars } from './sidecars.ts';
import { verifyTree } from './verity-tree.ts';

const data = makeErofs({ 'usr/share/x': 'x'.repeat(100_000) });
const verity = writeVerity(data);
const hash = (text: string, designator: 'root' | 'usr' = 'root', name = 'x.roothash') => ({
  ...{ designator, name, text: Buffer.from(text) },
});
const good = hash(`${verity.rootHash}\n`);
const cms = Uint8Array.of(1, 2, 3);
const sidecars: Sidecars = {
  hashTree: bytesSource(verity.bytes),
  rootHashes: [good],
  signatures: { root: cms, usr: null },
};
const open = (more: Partial<Sidecars>) => openImage(bytesSource(data), { ...sidecars, ...more });

test('a file system with hash tree, root hash and signature beside it is the sidecar form', async () => {
  const image = await open({});
  assert.deepEqual(
    [image.form, image.claimedRootHash, image.rootHashFrom],
    ['sidecar', verity.rootHash, 'sidecar'],
  );
  assert.deepEqual(image.signature?.cms, cms);
  const [rootHash, parts] = [image.claimedRootHash, verityParts(image, bytesSource(data))];
  assert.ok(rootHash !== null && parts !== null);
  assert.deepEqual(checkRootHashClaims(image, rootHash), []);
  assert.ok((await verifyTree(parts, rootHash)).intact);
});

test('what systemd would mount without its hash tree is bare, whatever else lies beside it', async () => {
  const forUsr = hash(verity.rootHash, 'usr');
  for (const more of [{ hashTree: null }, { rootHashes: [] }, { rootHashes: [forUsr] }]) {
    const { form, signature, claimedRootHash } = await open(more);
    assert.deepEqual([form, signature, claimedRootHash], ['bare', null, null]);
  }
});

test('a corrupt block is located in the file that has it', async () => {
  const tree = Buffer.from(verity.bytes);
  tree.writeUInt8(tree.readUInt8(4096) ^ 1, 4096);
  const image = await open({ hashTree: bytesSource(tree) });
  const [rootHash, parts] = [image.claimedRootHash, verityParts(image, bytesSource(data))];
  assert.ok(rootHash !== null && parts !== null);
  const verdict = await verifyTree(parts, rootHash);
  assert.match(
    verdict.intact ? '' : (verdict.reasons[0]?.message ?? ''),
    /at byte 4096 of the \.verity file/,
  );
});

const badTexts = [
  '',
  '\n',
  'zz',
  'ab'.repeat(31),
  'ab'.repeat(20),
  'a'.repeat(63),
  `${'ab'.repeat(32)}\n\n`,
  `${'ab'.repeat(32)}\0`,
];
for (const text of badTexts) {
  test(`a root hash file with ${JSON.stringify(text)} is malformed`, () => {
    assert.throws(() => readSidecarClaim({ ...noSidecars, rootHashes: [hash(text)] }), Malformed);
  });
}

test('digits may be capitals and may stand between blanks; what is signed are small letters', () => {
  const claim = readSidecarClaim({ ...noSidecars, rootHashes: [hash(` ${'AB'.repeat(32)}\t\r\n`)] });
  assert.equal(claim?.rootHash, 'ab'.repeat(32));
});

test('two places that name a root hash must name the same', () => {
  const claims = (...rootHashes: readonly ReturnType<typeof hash>[]) =>
    readSidecarClaim({ ...noSidecars, rootHashes });
  const attribute = { ...good, name: 'user.verity.roothash' };
  assert.equal(claims(attribute, good)?.name, 'user.verity.roothash');
  assert.throws(
    () => claims(attribute, hash('cd'.repeat(32))),
    /does not say what user\.verity\.roothash says/,
  );
  assert.throws(() => claims(good, hash(verity.rootHash, 'usr', 'x.usrhash')), /x\.usrhash: does not say/);
});

test('a signature without a root hash counts for nothing, and an empty one is malformed', () => {
  const signatures = { root: cms, usr: null };
  assert.equal(readSidecarClaim({ ...noSidecars, signatures }), null);
  const empty = { root: new Uint8Array(), usr: null };
  assert.throws(() => readSidecarClaim({ ...noSidecars, rootHashes: [good], signatures: empty }), /is empty/);
});
