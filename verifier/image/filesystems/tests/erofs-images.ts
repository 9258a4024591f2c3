import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Images that are kept, because not every mkfs.erofs can make them: the options of each. make-erofs-images.ts makes them. */
export const keptImages: Readonly<Record<string, string>> = {
  'lz4-dedupe': '-zlz4 -Ededupe',
  'lz4-fragments': '-zlz4 -Efragments',
  'lz4-dedupe-fragments': '-zlz4hc -Ededupe,fragments -C8192',
  'lz4-small-blocks': '-zlz4 -b1024 -Eall-fragments',
  'deflate-dedupe': '-zdeflate -Ededupe',
  'deflate-tails': '-zdeflate,level=9 -Eztailpacking -C16384',
  'zstd-dedupe': '-zzstd -Ededupe',
  'zstd-fragments': '-zzstd -Ededupe,all-fragments -C16384',
  'lzma-dedupe': '-zlzma -Ededupe -C16384',
  'lzma-tails': '-zlzma -Eztailpacking',
};

export function readKeptImage(name: string): Buffer {
  return gunzipSync(readFileSync(join('verifier/image/filesystems/tests/erofs-images', `${name}.raw.gz`)));
}
