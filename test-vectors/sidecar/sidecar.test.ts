import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Malformed, Unsupported } from '../../verifier/bytes/failures.ts';
import { bytesSource } from '../../verifier/image/bytes-source.ts';
import { checkRootHashClaims, type Image, openImage, verityParts } from '../../verifier/image/image.ts';
import type { Sidecars } from '../../verifier/image/sidecars.ts';
import { verifyTree } from '../../verifier/image/verity-tree.ts';
import { parseCertificates } from '../../verifier/trust/certificate.ts';
import { verifyRootHashSignature } from '../../verifier/trust/root-hash-signature.ts';
import { JudgeBench } from '../generate/judges.ts';
import { type SidecarCase, sidecarGroupShape, sidecarSchemaText } from '../generate/sidecar-group.ts';
import { judgeSidecars } from '../generate/sidecar-judges.ts';

const directory = join('test-vectors', 'sidecar');
const read = (name: string) => readFileSync(join(directory, name));
const { cases, notes } = sidecarGroupShape.parse(JSON.parse(read('sidecar.json').toString('utf8')));
const bench = new JudgeBench();
after(() => bench.remove());

for (const { id, comment, inputs, expect } of cases) {
  test(`${expect.verdict}: ${comment} (${id})`, async () => assert.deepEqual(await judge(inputs), expect));
}

async function judge(inputs: SidecarCase['inputs']): Promise<unknown> {
  const source = bytesSource(gunzipSync(read(inputs.image)));
  const image = await openOrCode(source, sidecarsOf(inputs));
  if (typeof image === 'string') return { verdict: 'refused', code: image, stage: 'open' };
  const [parts, rootHash] = [verityParts(image, source), image.claimedRootHash];
  if (parts === null || rootHash === null) return { verdict: 'refused', code: 'unsigned', stage: 'tree' };
  const tree = await verifyTree(parts, rootHash);
  const [reason] = [...checkRootHashClaims(image, rootHash), ...(tree.intact ? [] : tree.reasons)];
  if (reason !== undefined || !tree.intact) return { verdict: 'refused', code: reason?.code, stage: 'tree' };
  const code = signatureCode(image, inputs);
  if (code !== null) return { verdict: 'refused', code, stage: 'signature' };
  return { verdict: 'accepted', code: null, stage: null, form: image.form, ...tree.image };
}

function sidecarsOf(inputs: SidecarCase['inputs']): Sidecars {
  const places = [
    ['root', 'user.verity.roothash', inputs.rootHashAttribute],
    ['root', 'x.roothash', inputs.rootHash],
    ['usr', 'user.verity.usrhash', inputs.usrHashAttribute],
    ['usr', 'x.usrhash', inputs.usrHash],
  ] as const;
  const rootHashes = places.flatMap(([designator, name, text]) =>
    text === null ? [] : [{ designator, name, text: Buffer.from(text) }],
  );
  const message = (name: string | null) => (name === null ? null : read(name));
  return {
    hashTree: inputs.verity === null ? null : bytesSource(gunzipSync(read(inputs.verity))),
    rootHashes,
    signatures: { root: message(inputs.rootHashSignature), usr: message(inputs.usrHashSignature) },
  };
}

async function openOrCode(...args: Parameters<typeof openImage>): Promise<Image | string> {
  try {
    return await openImage(...args);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return error.code;
    throw error;
  }
}

function signatureCode({ signature }: Image, { certificate, now }: SidecarCase['inputs']): string | null {
  if (signature === null) return 'unsigned';
  const certificates = parseCertificates(read(certificate), certificate);
  const anchors = [
    { name: 'vendor', mode: 'pinned', certificates, extendedKeyUsage: [], revocationLists: null },
  ] as const;
  const verdict = verifyRootHashSignature(signature.rootHash, signature.cms, anchors, new Date(now));
  return verdict.signed ? null : (verdict.reasons[0]?.code ?? '');
}

for (const tool of ['veritysetup', 'openssl', 'systemd-dissect'] as const) {
  test(`${tool} says of every image what the group says that it does`, (t) => {
    for (const { id, inputs, judges } of cases) {
      const one = judges.find((asked) => asked.tool === tool);
      if (one === undefined) continue;
      const verdict = judgeSidecars(bench, directory, one, inputs);
      // Only systemd-dissect may be too old to be asked, or be where files have no attributes.
      if (verdict === null && tool === 'systemd-dissect') {
        t.skip('needs systemd 254 or newer');
        return;
      }
      assert.equal(verdict, one.verdict, id);
    }
  });
}

test('the group is whole: every file used, every flag explained, no case twice, a fifth or more accepted', () => {
  const used = cases.flatMap(({ inputs }) => Object.values(inputs)).filter((value) => value !== null);
  const present = readdirSync(directory).filter(
    (name) => !['sidecar.json', 'sidecar.test.ts'].includes(name),
  );
  assert.deepEqual(
    present.filter((name) => !used.includes(name)),
    [],
  );
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  assert.ok(cases.filter(({ expect }) => expect.verdict === 'accepted').length * 5 >= cases.length);
  const schema = readFileSync(join('test-vectors', 'schemas', 'sidecar.schema.json'), 'utf8');
  assert.equal(schema, sidecarSchemaText());
});
