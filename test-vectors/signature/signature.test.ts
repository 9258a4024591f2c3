import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { parseHex } from '../../verifier/bytes/hex.ts';
import { parseCertificates } from '../../verifier/trust/certificate.ts';
import { verifyRootHashSignature } from '../../verifier/trust/root-hash-signature.ts';
import { JudgeBench } from '../generate/judges.ts';
import { signatureGroupShape, signatureSchemaText } from '../generate/signature-group.ts';
import { judgeSignature } from '../generate/signature-judges.ts';

const directory = join('test-vectors', 'signature');
const read = (name: string) => readFileSync(join(directory, name));
const { cases, notes } = signatureGroupShape.parse(JSON.parse(read('signature.json').toString('utf8')));
const bench = new JudgeBench();
after(() => bench.remove());

for (const { id, comment, inputs, expect } of cases) {
  test(`${id} (${comment}): ${expect.code ?? 'accepted'}`, () => {
    const anchors = inputs.anchors.map((set) => ({
      ...set,
      certificates: set.certificates.flatMap((name) => parseCertificates(read(name), name)),
      revocationLists: null,
    }));
    const rootHash = parseHex(inputs.rootHash, 'root hash');
    const verdict = verifyRootHashSignature(rootHash, read(inputs.signature), anchors, new Date(inputs.now));
    assert.equal(verdict.signed ? 'accepted' : 'refused', expect.verdict);
    assert.equal(verdict.signed ? null : verdict.reasons[0]?.code, expect.code);
  });
}

for (const tool of ['openssl smime', 'openssl cms'] as const) {
  test(`${tool} says of every signature what the group says that it does`, () => {
    for (const vector of cases) {
      const judge = vector.judges.find((one) => one.tool === tool);
      if (judge === undefined) continue;
      assert.equal(judgeSignature(bench, directory, tool, vector), judge.verdict, vector.id);
    }
  });
}

test('every file is used, every identifier is there once', () => {
  const named = cases.flatMap(({ inputs }) => [
    inputs.signature,
    ...inputs.anchors.flatMap((set) => set.certificates),
  ]);
  const present = readdirSync(directory).filter(
    (name) => !['signature.json', 'signature.test.ts'].includes(name),
  );
  assert.deepEqual(present.sort(), [...new Set(named)].sort());
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
});

test('every flag has a note, every note a case', () => {
  assert.deepEqual([...new Set(cases.flatMap(({ flags }) => flags))].sort(), Object.keys(notes).sort());
});

test('at least a fifth of the cases are accepted', () => {
  const accepted = cases.filter(({ expect }) => expect.verdict === 'accepted');
  assert.ok(accepted.length * 5 >= cases.length, `${accepted.length} of ${cases.length}`);
});

test('the JSON Schema is that of the code', () => {
  assert.equal(
    readFileSync(join('test-vectors', 'schemas', 'signature.schema.json'), 'utf8'),
    signatureSchemaText(),
  );
});
