import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** Data, and behind it in the same file the hash tree that `veritysetup format` made. */
export interface SampleImage {
  readonly path: string;
  readonly dataBytes: number;
  readonly rootHash: string;
}

const chunk = Buffer.alloc(2 ** 20);
const salt = '5c'.repeat(32);

/** Makes an image with that many MiB of data that no two blocks have in common. */
export function makeSampleImage(path: string, mebibytes: number): SampleImage {
  const file = openSync(path, 'w');
  for (let done = 0; done < mebibytes; done++) writeSync(file, randomFillSync(chunk));
  closeSync(file);
  const dataBytes = mebibytes * chunk.length;
  const where = [`--hash-offset=${dataBytes}`, `--data-blocks=${dataBytes / 4096}`];
  const said = execFileSync('veritysetup', ['format', path, path, `--salt=${salt}`, ...where], {
    encoding: 'utf8',
  });
  return { path, dataBytes, rootHash: /Root hash:\s*([0-9a-f]{64})/.exec(said)?.[1] ?? '' };
}

/** Reads all of it, so that it is in the page cache. */
export function warm({ path }: SampleImage): void {
  const file = openSync(path, 'r');
  while (readSync(file, chunk) > 0);
  closeSync(file);
}
