import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

import type { JudgeBench, Verdict } from './judges.ts';
import type { SidecarCase, SidecarJudge } from './sidecar-group.ts';

/** What a tool says of an image with what is beside it; null if it is not installed or too old. */
export function judgeSidecars(
  bench: JudgeBench,
  directory: string,
  judge: SidecarJudge,
  inputs: SidecarCase['inputs'],
): Verdict | null {
  const read = (name: string) => readFileSync(join(directory, name));
  switch (judge.tool) {
    case 'veritysetup': {
      const image = bench.write('data', gunzipSync(read(inputs.image)));
      const tree = bench.write('tree', inputs.verity === null ? '' : gunzipSync(read(inputs.verity)));
      return bench.verity(image, tree, judge.rootHash);
    }
    case 'openssl':
      return bench.openssl(judge.rootHash, read(judge.signature), resolve(directory, inputs.certificate));
    case 'systemd-dissect':
      return dissect(bench, read, inputs);
  }
}

function dissect(
  bench: JudgeBench,
  read: (name: string) => Buffer,
  inputs: SidecarCase['inputs'],
): Verdict | null {
  const place = join(bench.directory, 'beside');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  const image = join(place, 'x.raw');
  writeFileSync(image, gunzipSync(read(inputs.image)));
  const put = (name: string, content: Uint8Array | string | null) =>
    content === null ? undefined : writeFileSync(join(place, name), content);
  put('x.verity', inputs.verity && gunzipSync(read(inputs.verity)));
  put('x.roothash', inputs.rootHash);
  put('x.usrhash', inputs.usrHash);
  put('x.roothash.p7s', inputs.rootHashSignature && read(inputs.rootHashSignature));
  put('x.usrhash.p7s', inputs.usrHashSignature && read(inputs.usrHashSignature));
  const attributes = [
    ['user.verity.roothash', inputs.rootHashAttribute],
    ['user.verity.usrhash', inputs.usrHashAttribute],
  ] as const;
  for (const [name, text] of attributes) {
    if (text !== null && bench.run('setfattr', ['-n', name, '-v', text, image]).status !== 0) return null;
  }
  return bench.judgeDissect(image, 'root=signed+absent:usr=signed+absent');
}
