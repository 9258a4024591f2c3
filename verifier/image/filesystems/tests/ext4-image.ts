import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A file's text, a link's target, or a file of so many KiB of which every other four are zeros that are not stored. */
export type Entry = string | { readonly pointsTo: string } | { readonly sparse: number };

/** Makes ext4 images by mke2fs, and looks into them by debugfs. `remove` when done. */
export class Ext4Maker {
  readonly #directory = mkdtempSync(join(tmpdir(), 'touchstone-ext4-'));
  readonly #image = join(this.#directory, 'image');
  readonly #tree = join(this.#directory, 'tree');

  constructor(entries: Readonly<Record<string, Entry>>) {
    for (const [path, entry] of Object.entries(entries)) {
      const at = this.at(path);
      mkdirSync(dirname(at), { recursive: true });
      if (typeof entry === 'string') writeFileSync(at, entry);
      else if ('pointsTo' in entry) symlinkSync(entry.pointsTo, at);
      else writeSparse(at, entry.sparse);
    }
  }

  /** Where an entry is before it is put into an image. */
  at(path: string): string {
    return join(this.#tree, path);
  }

  make(options: string, size: string): Buffer {
    rmSync(this.#image, { force: true });
    const words = `-q -F -d ${this.#tree} ${options} ${this.#image} ${size}`.split(/ +/);
    execFileSync('mke2fs', words, { stdio: 'ignore' });
    return readFileSync(this.#image);
  }

  /** What debugfs says when it is asked one thing. */
  ask(image: Uint8Array, request: string): Buffer {
    writeFileSync(this.#image, image);
    return execFileSync('debugfs', ['-R', request, this.#image], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    });
  }

  /** The image after requests to debugfs, which keeps checksums right. */
  change(image: Uint8Array, ...requests: readonly string[]): Buffer {
    writeFileSync(this.#image, image);
    const script = join(this.#directory, 'script');
    writeFileSync(script, `${requests.join('\n')}\n`);
    execFileSync('debugfs', ['-w', '-f', script, this.#image], { stdio: 'ignore' });
    return readFileSync(this.#image);
  }

  /** The image after e2fsck gave each large directory its index, which mke2fs does not. */
  index(image: Uint8Array): Buffer {
    writeFileSync(this.#image, image);
    const { status } = spawnSync('e2fsck', ['-f', '-y', '-D', this.#image], { stdio: 'ignore' });
    assert.ok(status === 0 || status === 1, `e2fsck ended with ${status}`);
    return readFileSync(this.#image);
  }

  /** Where an inode is in an image. */
  inode(image: Buffer, path: string): number {
    const said = this.ask(image, `imap /${path}`).toString();
    const [, block, offset] = /at block (\d+), offset 0x([0-9a-f]+)/.exec(said) ?? [];
    return Number(block) * blockSizeOf(image) + parseInt(offset ?? '', 16);
  }

  /** Where the first block of a file is in an image. */
  data(image: Buffer, path: string): number {
    const [first] = this.ask(image, `blocks /${path}`).toString().trim().split(/\s+/);
    return Number(first) * blockSizeOf(image);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}

function blockSizeOf(image: Buffer): number {
  return 1024 * 2 ** image.readUInt32LE(1024 + 0x18);
}

function writeSparse(path: string, kibibytes: number): void {
  writeFileSync(path, '');
  truncateSync(path, kibibytes * 1024);
  const file = openSync(path, 'r+');
  for (let at = 0; at < kibibytes; at += 8)
    writeSync(file, Buffer.alloc(4096, `at ${at} `), 0, 4096, at * 1024);
  closeSync(file);
}
