import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { imageGroupShape, imageSchemaText } from '../../test-vectors/generate/image-group.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { checkRootHashClaims, type Image, openImage, verityParts } from './image.ts';
import { verifyTree } from './verity-tree.ts';

const directory = join('test-vectors', 'image');
const group = imageGroupShape.parse(JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8')));

test('the group is whole: every file used, every flag explained, no case twice, a fifth or more accepted', () => {
  const used = group.cases.flatMap(({ inputs }) => [inputs.image, inputs.certificate ?? inputs.image]);
  const present = readdirSync(directory).filter((name) => !['image.json', 'judges.test.ts'].includes(name));
  assert.deepEqual(present.sort(), [...new Set(used)].sort());
  const flags = new Set(group.cases.flatMap((vector) => vector.flags));
  assert.deepEqual([...flags].sort(), Object.keys(group.notes).sort());
  assert.equal(new Set(group.cases.map(({ id }) => id)).size, group.cases.length);
  const accepted = group.cases.filter(({ expect }) => expect.verdict === 'accepted');
  assert.ok(accepted.length * 5 >= group.cases.length, `${accepted.length} of ${group.cases.length}`);
  assert.equal(readFileSync(join('test-vectors', 'schemas', 'image.schema.json'), 'utf8'), imageSchemaText());
});

for (const { id, comment, inputs, expect } of group.cases) {
  test(`${expect.verdict}: ${comment} (${id})`, async () => {
    const source = bytesSource(gunzipSync(readFileSync(join(directory, inputs.image))));
    assert.deepEqual(await judge(source), expect);
  });
}

async function judge(source: ByteSource): Promise<unknown> {
  const image = await openOrCode(source);
  if (typeof image === 'string') return { verdict: 'refused', code: image, stage: 'open' };
  const [parts, rootHash] = [verityParts(image, source), image.claimedRootHash];
  if (parts === null || rootHash === null) return { verdict: 'refused', code: 'unsigned', stage: 'tree' };
  const tree = await verifyTree(parts, rootHash);
  const [reason] = [...checkRootHashClaims(image, rootHash), ...(tree.intact ? [] : tree.reasons)];
  if (reason !== undefined || !tree.intact) return { verdict: 'refused', code: reason?.code, stage: 'tree' };
  const { architecture, designator, sectorSize } = image;
  const { hashType } = parts.superblock;
  const found = { architecture, designator, sectorSize, hashType, ...tree.image };
  return { verdict: 'accepted', code: null, stage: null, ...found };
}

async function openOrCode(source: ByteSource): Promise<Image | string> {
  try {
    return await openImage(source);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return error.code;
    throw error;
  }
}
