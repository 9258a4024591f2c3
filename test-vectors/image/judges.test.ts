import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { imageGroupShape } from '../generate/image-group.ts';
import { JudgeBench } from '../generate/judges.ts';

const directory = join('test-vectors', 'image');
const { cases } = imageGroupShape.parse(JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8')));
const bench = new JudgeBench();
after(() => bench.remove());

const tools = [...new Set(cases.flatMap(({ judges }) => judges.map(({ tool }) => tool)))].sort();

test('every tool judges', () => {
  assert.deepEqual(tools, ['blkid', 'fdisk', 'openssl', 'systemd-dissect', 'veritysetup']);
});

for (const tool of tools) {
  test(`${tool} says of every image what the group says that it does`, (t) => {
    for (const { id, inputs, judges } of cases) {
      const judge = judges.find((one) => one.tool === tool);
      if (judge === undefined) continue;
      const image = gunzipSync(readFileSync(join(directory, inputs.image)));
      const certificate = inputs.certificate === null ? null : resolve(directory, inputs.certificate);
      const verdict = bench.judgeImage(judge, image, certificate);
      // Only systemd-dissect may be too old to be asked, see judges.ts.
      if (verdict === null && tool === 'systemd-dissect') {
        t.skip('needs systemd 254 or newer');
        return;
      }
      assert.equal(verdict, judge.verdict, id);
    }
  });
}
