import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';
import { OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { openFileSource } from '../node/file-source.ts';
import { checkRootHashClaims, openImage, verityParts } from './image.ts';
import type { Architecture, Designator } from './partition-types.ts';
import { verifyRootBlock, verifyTree } from './verity-tree.ts';

const directory = mkdtempSync(join(tmpdir(), 'touchstone-repart-'));
const pki = new OpensslPki();
after(() => {
  rmSync(directory, { recursive: true });
  pki.remove();
});

const erofs = makeErofs({
  'usr/lib/extension-release.d/extension-release.x': 'ID=_any\n',
  'usr/lib/large': 'line\n'.repeat(200_000),
});

const sized = (bytes: number) => [`SizeMinBytes=${bytes}`, `SizeMaxBytes=${bytes}`];

/** An image by the systemd-repart of this machine. */
function repart(designator: Designator, architecture: Architecture, signer: 'rsa2048' | 'p256'): string {
  const name = `${designator}-${architecture}`;
  const definitions = join(directory, name);
  const data = join(directory, 'erofs');
  mkdirSync(definitions);
  writeFileSync(data, erofs);
  const define = (file: string, type: string, ...lines: string[]) =>
    writeFileSync(
      join(definitions, file),
      ['[Partition]', `Type=${type}`, 'VerityMatchKey=x', ...lines, ''].join('\n'),
    );
  define('10.conf', name, `CopyBlocks=${data}`, 'Verity=data', ...sized(erofs.length));
  define('20.conf', `${name}-verity`, 'Verity=hash', ...sized(128 * 1024));
  define('30.conf', `${name}-verity-sig`, 'Verity=signature');
  const { key, certificate } = pki.issue({ subject: '/CN=vendor', key: signer });
  const image = join(directory, `${name}.raw`);
  const how = [
    '--empty=create',
    '--size=auto',
    '--dry-run=no',
    '--seed=random',
    `--definitions=${definitions}`,
  ];
  execFileSync('systemd-repart', [...how, `--private-key=${key}`, `--certificate=${certificate}`, image], {
    stdio: 'ignore',
  });
  return image;
}

for (const [designator, architecture, signer] of [
  ['root', 'x86-64', 'rsa2048'],
  ['root', 'arm64', 'p256'],
  ['usr', 'x86-64', 'p256'],
  ['usr', 'arm64', 'rsa2048'],
] as const) {
  test(`an image by the installed systemd-repart is intact: ${designator}, ${architecture}, ${signer}`, async () => {
    const source = await openFileSource(repart(designator, architecture, signer));
    try {
      const image = await openImage(source);
      assert.deepEqual(
        [image.designator, image.architecture, image.rootHashFrom],
        [designator, architecture, 'signature'],
      );
      const rootHash = image.claimedRootHash;
      assert.ok(rootHash);
      assert.deepEqual(checkRootHashClaims(image, rootHash), []);
      const parts = verityParts(image, source);
      assert.ok(parts);
      assert.deepEqual(await verifyRootBlock(parts, rootHash), []);
      assert.deepEqual(await verifyTree(parts, rootHash), {
        intact: true,
        image: { rootHash, dataBytes: erofs.length },
      });
    } finally {
      await source.close();
    }
  });
}
