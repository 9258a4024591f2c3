import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Unsupported } from '../bytes/failures.ts';
import { mountPointsBelow } from './directory-mounts.ts';
import { readTree } from './directory-reader.ts';

const work = mkdtempSync(join(tmpdir(), 'touchstone-mounts-'));
after(() => rmSync(work, { recursive: true }));
let trees = 0;

/** A tree with the files given. */
function tree(...files: readonly string[]): string {
  const top = join(work, String(trees++));
  for (const name of ['x', ...files]) mkdirSync(join(top, name, '..'), { recursive: true });
  for (const name of files) writeFileSync(join(top, name), 'x');
  return top;
}

/** @param happens after the entries were found, before they are read. */
async function digestOf(top: string, happens?: () => void): Promise<string> {
  const { digest } = await readTree(top, {
    readAttributes: (descriptors) => {
      happens?.();
      return Promise.resolve(descriptors.map(() => []));
    },
  });
  return digest.sha256;
}

const isUnsupported = (words: string) => (error: unknown) =>
  error instanceof Unsupported && error.message.includes(words);

const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' };

function mounted(from: string, to: string): boolean {
  return spawnSync('mount', ['--bind', from, to]).status === 0;
}

test(
  'a mount point inside is refused by name, also of the same file system and of a file',
  asRoot,
  async (t) => {
    const [outside, top] = [tree('f'), tree('usr/a b/f', 'usr/f')];
    for (const [from, to] of [
      [outside, join(top, 'usr/a b')],
      [join(outside, 'f'), join(top, 'usr/f')],
    ] as const) {
      if (!mounted(from, to)) {
        t.skip('nothing can be mounted here');
        return;
      }
      try {
        await assert.rejects(digestOf(top), isUnsupported(`${to}: is a mount point inside`));
      } finally {
        execFileSync('umount', [to]);
      }
    }
    await digestOf(top);
  },
);

test('the top may be a mount point', asRoot, async (t) => {
  const [outside, top] = [tree('f'), tree()];
  if (!mounted(outside, top)) {
    t.skip('nothing can be mounted here');
    return;
  }
  try {
    assert.equal(await digestOf(top), await digestOf(outside));
  } finally {
    execFileSync('umount', [top]);
  }
});

test('a mount that comes or goes while a tree is read is refused too', asRoot, async (t) => {
  const [outside, top] = [tree('f'), tree('usr/f')];
  const point = join(top, 'usr');
  const unmount = () => execFileSync('umount', ['--lazy', point]);
  if (!mounted(outside, point)) {
    t.skip('nothing can be mounted here');
    return;
  }
  try {
    let there = true;
    const goes = () => {
      unmount();
      there = false;
    };
    await assert.rejects(digestOf(top, goes), isUnsupported('is a mount point inside'));
    assert.ok(there, 'it was read before it was refused');
  } finally {
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(point)) unmount();
  }
  try {
    const comes = () => assert.ok(mounted(outside, point));
    await assert.rejects(digestOf(top, comes), isUnsupported('is a mount point inside'));
  } finally {
    unmount();
  }
});

test('mount points below a path are those of the kernel, unescaped', () => {
  const line = (point: string) => `36 35 98:0 / ${point} rw,noatime - ext4 /dev/root rw\n`;
  const text = ['/', '/a', '/a/b\\040c', '/a/b\\134', '/ab', '/a\\012/x'].map(line).join('');
  assert.deepEqual(mountPointsBelow('/a', text), ['/a/b c', '/a/b\\']);
  assert.deepEqual(mountPointsBelow('/a\n', text), ['/a\n/x']);
  assert.equal(mountPointsBelow('/', text).length, 5);
  assert.deepEqual(mountPointsBelow('/a', readFileSync('/proc/self/mountinfo', 'latin1')), []);
});
