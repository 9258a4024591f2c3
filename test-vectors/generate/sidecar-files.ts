import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { makeExt4, makeSquashfs } from './filesystem-images.ts';
import { flip } from './image-edit.ts';
import { knownSigner } from './known-signer.ts';
import { makeDdi } from './make-image.ts';
import { type VerityOptions, writeVerity } from './verity-writer.ts';

/** Root hashes and sizes of the data under hash trees, by the names of files without their endings. */
export interface SidecarFiles {
  readonly rootHashes: Readonly<Record<string, string>> & { readonly erofs: string };
  readonly dataBytes: Readonly<Record<string, number>>;
}

/** Writes all files of the group into `directory`, from which earlier ones go first. */
export function writeSidecarFiles(directory: string): SidecarFiles {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory).filter((one) => /\.(gz|p7s|pem)$/.test(one)))
    rmSync(join(directory, name));
  const save = (name: string, bytes: Uint8Array | string): void =>
    writeFileSync(join(directory, name), bytes);
  const zip = (name: string, bytes: Uint8Array): void => save(`${name}.gz`, gzipSync(bytes, { level: 9 }));
  const [trusted, stranger] = [knownSigner(), knownSigner('Somebody else')];
  try {
    save('known.pem', trusted.pem);
    const data = fileSystems();
    const trees = Object.entries(data).map(([name, { bytes, verity }]) => {
      const tree = writeVerity(bytes, verity);
      if (name !== 'other' && name !== 'sha512' && name !== 'blocks-512') zip(`${name}.raw`, bytes);
      zip(`${name}.verity`, tree.bytes);
      save(`${name}.p7s`, trusted.sign(tree.rootHash));
      return [name, tree.rootHash] as const;
    });
    const hash = Object.fromEntries(trees)['erofs'] ?? '';
    const dataBytes = Object.fromEntries(
      Object.entries(data).map(([name, { bytes }]) => [name, bytes.length]),
    );
    editFiles(zip, data.erofs.bytes, data.other.bytes);
    const p7s = Buffer.from(trusted.sign(hash)).toString('base64');
    save('stranger.p7s', stranger.sign(hash));
    save('newline.p7s', trusted.sign(`${hash}\n`));
    save('capitals.p7s', trusted.sign(hash.toUpperCase()));
    save('base64.p7s', p7s);
    save(
      'pem.p7s',
      `-----BEGIN PKCS7-----\n${(p7s.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PKCS7-----\n`,
    );
    save('empty.p7s', '');
    const gpt = writeGptImages(zip, data.squashfs.bytes, trusted.sign);
    save('gpt.p7s', trusted.sign(gpt));
    return { rootHashes: { ...Object.fromEntries(trees), erofs: hash, gpt }, dataBytes };
  } finally {
    trusted.remove();
    stranger.remove();
  }
}

type Zip = (name: string, bytes: Uint8Array) => void;

function fileSystems() {
  const image = gunzipSync(readFileSync(join('test-vectors', 'image', 'sysext-two-levels.raw.gz')));
  const genuine = gunzipSync(readFileSync(join('test-vectors', 'image', 'sysext-x86-64-rsa.raw.gz')));
  const start = Number(image.readBigUInt64LE(1024 + 32)) * 512;
  const erofs = image.subarray(start, start + 1_404_928);
  const other = Buffer.from(erofs);
  flip(other, 100 * 4096 + 7);
  const block = Number(genuine.readBigUInt64LE(1024 + 32)) * 512;
  const release = 'usr/lib/extension-release.d/extension-release.x';
  const plain = (bytes: Buffer, verity: VerityOptions = {}) => ({ bytes, verity });
  return {
    erofs: plain(erofs),
    squashfs: plain(makeSquashfs(release, 'ID=_any\n')),
    ext4: plain(makeExt4()),
    'one-block': plain(genuine.subarray(block, block + 4096)),
    'blocks-512': plain(erofs, { dataBlockSize: 512, hashBlockSize: 512 }),
    sha512: plain(erofs, { algorithm: 'sha512' }),
    other: plain(other),
  };
}

function editFiles(zip: Zip, erofs: Buffer, other: Buffer): void {
  const tree = writeVerity(erofs).bytes;
  const edited = (bytes: Buffer, edit: (copy: Buffer) => void): Buffer => {
    const copy = Buffer.from(bytes);
    edit(copy);
    return copy;
  };
  zip('data-behind.raw', Buffer.concat([erofs, Buffer.alloc(8192, 'behind')]));
  zip('data-bit.raw', other);
  zip('data-truncated.raw', erofs.subarray(0, -4096));
  zip('no-filesystem.raw', Buffer.alloc(16_384, 'This is not a file system.\n'));
  zip(
    'btrfs.raw',
    edited(Buffer.alloc(128 * 1024), (copy) => void copy.write('_BHRfS_M', 65_600)),
  );
  zip(
    'two-filesystems.raw',
    edited(erofs, (copy) => void copy.write('hsqs', 0)),
  );
  zip('tree-behind.verity', Buffer.concat([tree, Buffer.alloc(8192, 0xfe)]));
  zip(
    'tree-bit.verity',
    edited(tree, (copy) => flip(copy, 2 * 4096)),
  );
  zip('tree-truncated.verity', tree.subarray(0, -1));
  zip('tree-superblock-alone.verity', tree.subarray(0, 4096));
  zip('tree-empty.verity', Buffer.of());
  zip('tree-without-superblock.verity', tree.subarray(4096));
}

function writeGptImages(zip: Zip, data: Buffer, sign: (rootHash: string) => Uint8Array): string {
  const signed = makeDdi({ data, sign });
  zip('gpt.raw', signed.bytes);
  zip('gpt-unsigned.raw', makeDdi({ data }).bytes);
  zip('gpt-usr-unsigned.raw', makeDdi({ data, designator: 'usr' }).bytes);
  return signed.rootHash;
}
