import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { Unsupported } from '../../bytes/failures.ts';
import { bytesSource } from '../bytes-source.ts';
import { openExt4 } from './ext4.ts';
import type { FileSystem } from './file-system.ts';
import { Ext4Maker } from './tests/ext4-image.ts';
import { checkHostile } from './tests/hostile.ts';
import { expected, makeImage, readAll, writeSampleTree } from './tests/sample-tree.ts';
import { walk } from './walk.ts';

// What mke2fs puts into images, and debugfs reads out of them.

const { directory, remove } = writeSampleTree();
const large = 'large';
const maker = new Ext4Maker({
  'usr/release': 'ID=_any\n',
  'usr/lib/file': 'x'.repeat(5000),
  link: { pointsTo: 'usr/release' },
  long: { pointsTo: 'l'.repeat(100) },
  [large]: { sparse: 6400 },
});
after(() => {
  remove();
  maker.remove();
});
const make = (options: string, size = '16M') =>
  makeImage(directory, `mke2fs -q -F -N 2000 -d TREE ${options} IMAGE ${size}`);
const open = (bytes: Uint8Array): Promise<FileSystem> => openExt4(bytesSource(bytes));
const releasePath = 'usr/lib/extension-release.d/extension-release.tools';

async function readFile(bytes: Uint8Array, path: string, maximum = 2 ** 23): Promise<Buffer> {
  const file = await walk(await open(bytes), path);
  assert.ok(file?.kind === 'file');
  return Buffer.from(await file.read(maximum));
}

const geometries = [
  ...['ext4', 'ext3', 'ext2'].flatMap((type) => [1024, 2048, 4096].map((size) => `-t ${type} -b ${size}`)),
  '-t ext4 -b 65536 -O ^has_journal',
  ...[128, 512, 1024].map((size) => `-t ext4 -I ${size}`),
  '-t ext2 -r 0',
  // Many groups: descriptors in more than one block, in places of their own.
  ...['', '-O meta_bg,^resize_inode', '-O sparse_super2,meta_bg,^resize_inode'].map(
    (options) => `-t ext4 -b 1024 -g 256 -N 800 ${options}`,
  ),
  ...['^resize_inode', 'meta_bg,^resize_inode', '^sparse_super,meta_bg,^resize_inode'].map(
    (options) => `-t ext2 -b 1024 -g 256 -N 800 -O ${options}`,
  ),
  '-t ext4 -O bigalloc -C 16384 -O ^has_journal',
  '-t ext4 -b 1024 -O bigalloc,meta_bg,^resize_inode -C 4096 -g 1024',
];
const features = [
  ...['inline_data', '^64bit', '^extents,^64bit', '^metadata_csum', '^metadata_csum,uninit_bg', 'large_dir'],
  ...[
    'sparse_super2',
    '^has_journal',
    '^dir_index',
    '^flex_bg',
    'mmp',
    'quota,project',
    'metadata_csum_seed',
  ],
  ...['orphan_file', 'verity', 'ea_inode', '^filetype', 'inline_data -I 1024', 'inline_data,^64bit -b 1024'],
].map((options) => `-t ext4 -O ${options}`);
for (const options of [...geometries, ...features])
  test(`what mke2fs ${options} puts in comes out`, async () => {
    assert.deepEqual(
      await readAll((await open(make(options, options.includes('65536') ? '64M' : '16M'))).root),
      expected(),
    );
  });

test('descriptors of groups may be with their groups from some block of them on', async () => {
  const image = make('-t ext2 -b 1024 -g 256 -N 800 -O meta_bg,^resize_inode');
  assert.deepEqual(await readAll((await open(maker.change(image, 'ssv first_meta_bg 1'))).root), expected());
});

test('links of 59 to 61 and of thousands of characters come out', async () => {
  const targets = [1, 59, 60, 61, 159, 160, 161, 1000, 4000];
  const tree = new Ext4Maker(
    Object.fromEntries(
      targets.map((length) => [`${length}`, { pointsTo: 'x/'.repeat(length).slice(0, length) }]),
    ),
  );
  for (const options of ['ext4', 'ext2', 'ext4 -O inline_data', 'ext4 -O ea_inode -I 128'])
    for (const length of targets) {
      const link = await walkNot(await open(tree.make(`-b 4096 -t ${options}`, '4M')), `${length}`);
      assert.equal(link, 'x/'.repeat(length).slice(0, length), `${options} ${length}`);
    }
  tree.remove();
});

async function walkNot({ root }: FileSystem, name: string): Promise<string> {
  const link = await root.lookup(name);
  assert.ok(link?.kind === 'link');
  return link.target();
}

test('directories with an index are read without it', async () => {
  for (const options of ['ext4', 'ext4 -b 1024', 'ext4 -b 1024 -O ^metadata_csum', 'ext3 -b 1024']) {
    const image = maker.index(make(`-t ${options}`));
    assert.match(maker.ask(image, 'htree /usr/many').toString(), /Root node dump/);
    assert.deepEqual(await readAll((await open(image)).root), expected());
  }
});

test('trees of extents and maps of any depth come out as debugfs reads them, zeros too', async () => {
  const expectedBytes = readFileSync(maker.at(large));
  for (const options of ['-t ext4', '-t ext4 -O ^extents,^64bit', '-t ext4 -O ^metadata_csum']) {
    const bytes = maker.make(`${options} -b 1024`, '16M');
    assert.deepEqual(maker.ask(bytes, `cat /${large}`), expectedBytes);
    assert.deepEqual(await readFile(bytes, large), expectedBytes);
  }
  // Of blocks that only the third level of a map reaches: zeros, and at the end no zeros.
  const { bytes, size } = farFile();
  const found = await readFile(bytes, 'far', size);
  assert.equal(found.length, size);
  assert.ok(
    found.subarray(size - 4).equals(Buffer.from('end\n')) &&
      found.subarray(0, -4).every((byte) => byte === 0),
  );
});

function farFile(): { bytes: Buffer; size: number } {
  const size = 70_000_004;
  const file = maker.at('../far');
  execFileSync('truncate', ['-s', String(size - 4), file]);
  execFileSync('sh', ['-c', 'echo end >>"$1"', 'sh', file]);
  return { bytes: maker.change(maker.make('-t ext2 -b 1024', '16M'), `write ${file} far`), size };
}

test('blocks that were reserved and never written are zeros', async () => {
  const image = maker.change(
    maker.make('-t ext4 -b 1024', '16M'),
    'fallocate /usr/lib/file 5 9',
    'sif /usr/lib/file size 9000',
  );
  const found = await readFile(image, 'usr/lib/file');
  assert.deepEqual(found, Buffer.concat([Buffer.alloc(5000, 'x'), Buffer.alloc(4000)]));
});

test('a file that is larger than is wanted is not read, however large it says it is', async () => {
  const image = maker.change(maker.make('-t ext4', '16M'), 'sif /usr/release size 0x10000000000');
  const file = await walk(await open(image), 'usr/release');
  assert.ok(file?.kind === 'file' && file.size === 2 ** 40);
  await assert.rejects(file.read(65_536), Unsupported);
});

test('attributes are found wherever they are, by their full names', async () => {
  const attributes = {
    'user.extension-release.strict': 'false',
    'user.empty': '',
    'user.large': 'v'.repeat(600),
    'trusted.one': 'a',
    'security.two': 'b',
  };
  const requests = Object.entries(attributes).flatMap(([name, value]) =>
    ['/usr/release', '/usr', '/link', '/long'].map((path) => `ea_set ${path} ${name} "${value}"`),
  );
  for (const options of [
    '',
    '-I 128',
    '-b 1024 -I 1024',
    '-O inline_data',
    '-O ^metadata_csum',
    '-O bigalloc',
  ]) {
    const image = maker.change(maker.make(`-t ext4 ${options}`, '16M'), ...requests);
    const { root } = await open(image);
    for (const path of ['usr/release', 'usr', 'link', 'long']) {
      const [first = '', second] = path.split('/');
      const top = await root.lookup(first);
      const node = second !== undefined && top?.kind === 'directory' ? await top.lookup(second) : top;
      for (const [name, value] of Object.entries(attributes)) {
        const found = await node?.xattr(name);
        assert.equal(Buffer.from(found ?? 'none').toString(), value, `${options} ${path} ${name}`);
      }
      for (const name of ['user.extension-release', 'extension-release.strict', 'user.', 'user.one', ''])
        assert.equal(await node?.xattr(name), null, name);
      if (node?.kind === 'link') assert.ok((await node.target()).length > 0);
    }
  }
});

test('attributes come out as mke2fs copies and debugfs reads them', async () => {
  for (const options of ['-t ext4', '-t ext4 -I 128', '-t ext4 -O inline_data', '-t ext2 -I 128']) {
    const image = make(options);
    const file = await walk(await open(image), releasePath);
    const found = Buffer.from((await file?.xattr('user.extension-release.strict')) ?? '');
    assert.equal(found.toString(), '0', options);
    assert.match(
      maker.ask(image, `ea_get /${releasePath} user.extension-release.strict`).toString(),
      /"0"|= 0|\b0\b/,
    );
    assert.equal(await file?.xattr('user.other'), null);
  }
});

test('whatever bytes are changed, there is an answer or a refusal', async () => {
  await checkHostile(make('-t ext4 -b 1024 -O inline_data,^metadata_csum', '4M'), openExt4);
  await checkHostile(make('-t ext4 -b 1024 -O ^metadata_csum', '4M'), openExt4);
  await checkHostile(make('-t ext2 -b 1024', '3M'), openExt4);
});
