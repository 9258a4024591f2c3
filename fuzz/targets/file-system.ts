import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeErofs } from '../../test-vectors/generate/make-image.ts';
import { bytesSource } from '../../verifier/image/bytes-source.ts';
import type { FileSystemNode } from '../../verifier/image/filesystems/file-system.ts';
import { keptImages, readKeptImage } from '../../verifier/image/filesystems/tests/erofs-images.ts';
import { openFileSystem } from '../../verifier/image/filesystems/open-file-system.ts';
import { parseEnvFile } from '../../verifier/image/release/env-file.ts';
import { parseRelease, releaseVersion } from '../../verifier/image/release/extension-release.ts';
import type { Target } from '../target.ts';

const release = 'ID=_any\nSYSEXT_VERSION_ID="1.2"\nARCHITECTURE=x86-64\n';

/** File systems of every kind that is read, with everything in them read. */
export function fileSystemTarget(): Target {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-fuzz-'));
  try {
    return {
      name: 'file-system',
      seeds: makeFileSystems(directory),
      meanings: null,
      run: async (mutant) => {
        const { root, type } = await openFileSystem(bytesSource(mutant));
        const budget = { nodes: 200 };
        await visit(root, budget);
        return `${type} ${200 - budget.nodes}`;
      },
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function makeFileSystems(directory: string): Uint8Array[] {
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'usr/lib/extension-release.d'), { recursive: true });
  writeFileSync(join(tree, 'usr/lib/extension-release.d/extension-release.tools'), release);
  symlinkSync('extension-release.tools', join(tree, 'usr/lib/extension-release.d/extension-release.link'));
  writeFileSync(join(tree, 'usr/large'), 'touchstone '.repeat(2000));
  const make = (name: string, command: string, ...args: readonly string[]): Uint8Array => {
    execFileSync(command, args, { stdio: 'ignore', env: { ...process.env, SOURCE_DATE_EPOCH: '1' } });
    return readFileSync(join(directory, name));
  };
  const at = (name: string) => join(directory, name);
  const squash = ['-noappend', '-all-root', '-no-progress'];
  const ext = ['-q', '-d', tree, '-E', 'root_owner=0:0', '-U', '00000000-0000-4000-8000-000000000000'];
  return [
    makeErofs({
      'usr/lib/extension-release.d/extension-release.tools': release,
      'usr/large': 'x'.repeat(9000),
    }),
    make('lz4.erofs', 'mkfs.erofs', '-T0', '-zlz4', at('lz4.erofs'), tree),
    ...['gzip', 'lz4', 'xz', 'zstd'].map((compressor) =>
      make(compressor, 'mksquashfs', tree, at(compressor), '-comp', compressor, ...squash),
    ),
    make('ext4', 'mke2fs', '-t', 'ext4', '-b', '1024', ...ext, at('ext4'), '256k'),
    make('inline', 'mke2fs', '-t', 'ext4', '-O', 'inline_data,^has_journal', ...ext, at('inline'), '256k'),
    ...Object.keys(keptImages).map((name) => withoutChecksum(readKeptImage(name))),
    make('ext2', 'mke2fs', '-t', 'ext2', ...ext, at('ext2'), '256k'),
  ];
}

/** Of an erofs image: with it, every mutant of the first block would be refused at once. */
function withoutChecksum(image: Buffer): Buffer {
  const features = 1024 + 8;
  image.writeUInt32LE(image.readUInt32LE(features) & ~1, features);
  return image;
}

/** Reads everything below a node, as long as the budget lasts: a mutant may have directories without end. */
async function visit(node: FileSystemNode, budget: { nodes: number }): Promise<void> {
  if (budget.nodes-- <= 0) return;
  await node.xattr('user.extension-release.strict');
  if (node.kind === 'file') await node.read(65_536);
  if (node.kind === 'link') await node.target();
  if (node.kind !== 'directory') return;
  for (const name of await node.names(1000)) {
    const child = await node.lookup(name);
    assert.ok(child !== null, `a directory has ${JSON.stringify(name)} and does not find it`);
    await visit(child, budget);
  }
}

/** Release files: what is parsed is what a shell-like reader would see. */
export function releaseTarget(): Target {
  const quoted = 'ID="a b"\nNAME=\'x y\'\n# comment\nVERSION_ID=1\\\n2\nSYSEXT_SCOPE="system initrd"\n';
  return {
    name: 'release',
    seeds: [release, quoted, `${quoted}${release}`.repeat(20)].map((text) => Buffer.from(text)),
    meanings: null,
    run: (mutant) => {
      parseEnvFile(mutant, 'fuzz');
      return releaseVersion(parseRelease(mutant), 'sysext');
    },
  };
}
