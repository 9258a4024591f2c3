import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { type ImageCase, imageGroupShape, imageSchemaText } from '../../test-vectors/generate/image-group.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { ByteSource } from './byte-source.ts';
import { bytesSource } from './bytes-source.ts';
import { checkPartitionUuids, type Image, openImage } from './image.ts';
import { verifyTree } from './verity-tree.ts';

const directory = join('test-vectors', 'image');
const group = imageGroupShape.parse(JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8')));
const work = mkdtempSync(join(tmpdir(), 'touchstone-vectors-'));
after(() => rmSync(work, { recursive: true }));

test('the group is whole: every file used, every flag explained, no case twice, a fifth or more accepted', () => {
  const used = group.cases.flatMap(({ inputs }) => [
    inputs.image,
    ...(inputs.certificate === null ? [] : [inputs.certificate]),
  ]);
  assert.deepEqual(readdirSync(directory).sort(), [...new Set([...used, 'image.json'])].sort());
  assert.deepEqual(
    [...new Set(group.cases.flatMap(({ flags }) => flags))].sort(),
    Object.keys(group.notes).sort(),
  );
  assert.equal(new Set(group.cases.map(({ id }) => id)).size, group.cases.length);
  assert.ok(
    group.cases.filter(({ expect }) => expect.verdict === 'accepted').length * 5 >= group.cases.length,
  );
  assert.equal(readFileSync(join('test-vectors', 'schemas', 'image.schema.json'), 'utf8'), imageSchemaText());
});

for (const vector of group.cases) {
  test(`${vector.expect.verdict}: ${vector.comment} (${vector.id})`, async () => {
    const source = bytesSource(gunzipSync(readFileSync(join(directory, vector.inputs.image))));
    assert.deepEqual(await judge(source, vector), vector.expect);
  });
}

async function judge(source: ByteSource, { inputs }: ImageCase): Promise<unknown> {
  const image = await openOrCode(source);
  if (typeof image === 'string') return { verdict: 'refused', code: image, stage: 'open' };
  const rootHash = image.claimedRootHash;
  assert.ok(rootHash);
  const tree = await verifyTree(image, source, rootHash);
  const [reason] = [...checkPartitionUuids(image, rootHash), ...(tree.intact ? [] : tree.reasons)];
  if (reason !== undefined || !tree.intact) return { verdict: 'refused', code: reason?.code, stage: 'tree' };
  if (inputs.certificate !== null) assertSigned(image, join(directory, inputs.certificate));
  const { architecture, sectorSize } = image;
  return { verdict: 'accepted', code: null, stage: null, ...tree.image, architecture, sectorSize };
}

async function openOrCode(source: ByteSource): Promise<Image | string> {
  try {
    return await openImage(source);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return error.code;
    throw error;
  }
}

/** What was read as signature is one of what was read as root hash, by the command whose answer is systemd's. */
function assertSigned({ signature }: Image, certificate: string): void {
  assert.ok(signature);
  const [message, content] = [join(work, 'p7s'), join(work, 'hash')];
  writeFileSync(message, signature.cms);
  writeFileSync(content, signature.rootHash);
  const how = ['-inform', 'DER', '-binary', '-nointern', '-noverify', '-certfile', certificate];
  execFileSync('openssl', ['smime', '-verify', ...how, '-in', message, '-content', content], {
    stdio: 'ignore',
  });
  const der = execFileSync(
    'openssl',
    ['x509', '-in', certificate, '-outform', 'DER', '-fingerprint', '-sha256', '-noout'],
    { encoding: 'utf8' },
  );
  assert.equal(
    der.trim().split('=')[1]?.replaceAll(':', '').toLowerCase(),
    signature.claimedCertificateFingerprint,
  );
}
