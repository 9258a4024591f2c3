import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';

import fc from 'fast-check';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import {
  isHostAdministrator,
  readAttribute,
  readAttributes,
  seesTrustedAttributes,
} from './extended-attributes.ts';
import { debianPackage, ToolFailed } from './run.ts';

const work = mkdtempSync(join(tmpdir(), 'touchstone-attributes-'));
after(() => rmSync(work, { recursive: true }));
let files = 0;

function file(attributes: Readonly<Record<string, string>> = {}): string {
  const path = join(work, String(files++));
  writeFileSync(path, '');
  for (const [name, value] of Object.entries(attributes)) set(path, name, Buffer.from(value));
  return path;
}

function set(path: string, name: string, value: Uint8Array): void {
  // setfattr(1) takes a backslash in a name for the beginning of an octal number, as getfattr(1) writes them.
  const escaped = name.replaceAll('\\', '\\134');
  execFileSync('setfattr', ['-h', '-n', escaped, '-v', `0x${Buffer.from(value).toString('hex')}`, path]);
}

// tmpfs has no user attributes before Linux 6.6.
const probe = spawnSync('setfattr', ['-n', 'user.a', work]);
const options = {
  skip: probe.status === 0 ? false : 'no user attributes in the directory for temporary files',
};

const placeOnly = 0o10000000;

async function attributesOf(...paths: readonly string[]): Promise<string[][]> {
  const descriptors = paths.map((path) => openSync(path, placeOnly | constants.O_NOFOLLOW));
  try {
    return (await readAttributes(descriptors)).map(shown);
  } finally {
    descriptors.forEach((descriptor) => closeSync(descriptor));
  }
}

function shown(attributes: Awaited<ReturnType<typeof readAttributes>>[number]): string[] {
  return attributes
    .map(({ name, value }) => `${Buffer.from(name).toString()}=${Buffer.from(value).toString()}`)
    .sort();
}

test('one attribute is read by its name, through symbolic links', options, async () => {
  const path = file({ 'user.verity.roothash': 'abc', 'user.verity.roothashes': 'x', 'user.empty': '' });
  const link = join(work, 'link');
  symlinkSync(path, link);
  for (const one of [path, link]) {
    const value = await readAttribute(one, 'user.verity.roothash');
    assert.equal(value && Buffer.from(value).toString(), 'abc');
  }
  assert.equal((await readAttribute(relative(process.cwd(), path), 'user.empty'))?.length, 0);
});

test('a name is no pattern, and an attribute that is not there is null', options, async () => {
  const path = file({ 'user.verityXroothash': 'abc', 'user.aa': '1' });
  for (const name of ['user.verity.roothash', 'user.a+', 'user.a', 'user.(', 'user.*'])
    assert.equal(await readAttribute(path, name), null, name);
});

test('a file system without extended attributes has none', async () => {
  assert.equal(await readAttribute('/proc/self/status', 'user.verity.roothash'), null);
});

test('a file that is not there is no answer', async () => {
  await assert.rejects(readAttribute(join(work, 'none'), 'user.a'), ToolFailed);
});

test('a path that looks like an option or like output of the tool is a path', options, async () => {
  for (const name of ['-n', '# file: x\nuser.b=0x31', "a b'\\"]) {
    const path = join(work, name);
    renameSync(file({ 'user.a': '1' }), path);
    assert.equal((await readAttribute(path, 'user.a'))?.length, 1);
    assert.equal(await readAttribute(path, 'user.b'), null);
    rmSync(path);
  }
});

test('attributes of open files come in their order, whatever becomes of the names', options, async () => {
  const [one, two, three] = [file({ 'user.a': '1', 'user.b': '2' }), file(), file({ 'user.c': '3' })];
  assert.deepEqual(await attributesOf(three, two, one), [['user.c=3'], [], ['user.a=1', 'user.b=2']]);
  const descriptor = openSync(one, 'r');
  renameSync(three, one);
  assert.deepEqual((await readAttributes([descriptor])).map(shown), [['user.a=1', 'user.b=2']]);
  closeSync(descriptor);
  assert.deepEqual(await readAttributes([]), []);
});

test('a descriptor that is not open is no answer, not a file without attributes', async () => {
  await assert.rejects(readAttributes([999_999]), CouldNotDecide);
});

test('hostile names and values come out as they were put in', options, async () => {
  // setfattr(1) takes names as arguments: any text without a NUL.
  const name = fc
    .string({
      unit: fc.constantFrom('=', '\n', '\r', '\\', '0', '7', '5', '#', ' ', ':', 'é', '"', '\x1b'),
      minLength: 1,
      maxLength: 12,
    })
    .map((text) => `user.${text}`);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      fc.uint8Array({ maxLength: 20 }),
      async (names, value) => {
        const path = file();
        for (const one of names) set(path, one, value);
        const descriptor = openSync(path, 'r');
        const [found] = await readAttributes([descriptor]);
        closeSync(descriptor);
        const key = (one: { name: Uint8Array; value: Uint8Array }) => Buffer.from(one.name).toString();
        assert.deepEqual(found?.map(key).sort(), [...names].sort());
        for (const one of found) assert.deepEqual(Buffer.from(one.value), Buffer.from(value));
      },
    ),
    { numRuns: 25 },
  );
});

test('root of the host sees trusted attributes, of symbolic links and devices too, others are told that they do not', async (t) => {
  if (process.getuid?.() !== 0 || !(await seesTrustedAttributes())) {
    t.skip('needs root of the host');
    return;
  }
  const [link, whiteout] = [join(work, 'l'), join(work, 'w')];
  symlinkSync('nowhere', link);
  execFileSync('mknod', [whiteout, 'c', '0', '0']);
  for (const path of [link, whiteout]) set(path, 'trusted.overlay.x', Buffer.from('1'));
  assert.deepEqual(await attributesOf(link, whiteout), [['trusted.overlay.x=1'], ['trusted.overlay.x=1']]);
  process.seteuid?.(65_534);
  try {
    assert.equal(await seesTrustedAttributes(), false);
  } finally {
    process.seteuid?.(0);
  }
});

test('root of a user namespace, and root without the capability, do not see trusted attributes', () => {
  const [able, unable] = ['Name:\tx\nCapEff:\t000001ffffffffff\n', 'CapEff:\t00000000a80425fb\n'];
  const [host, container] = ['         0          0 4294967295\n', '         0       1000          1\n'];
  assert.equal(isHostAdministrator(able, host), true);
  assert.equal(isHostAdministrator(unable, host), false);
  assert.equal(isHostAdministrator(able, container), false);
  assert.equal(isHostAdministrator('', host), false);
});

test('the tool is named with the Debian package that has it', () => {
  assert.equal(debianPackage('getfattr'), 'attr');
});
