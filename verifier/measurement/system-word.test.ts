import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readSystemWord } from './system-word.ts';

const id = '0123456789abcdef0123456789abcdef';
const hash = id + id;

test('words of systemd are read', () => {
  assert.deepEqual(readSystemWord('leave-initrd'), { kind: 'phase', phase: 'leave-initrd' });
  assert.deepEqual(readSystemWord('os-separator'), { kind: 'os-separator' });
  assert.deepEqual(readSystemWord(`machine-id:${id}`), { kind: 'machine-id', id });
  assert.deepEqual(readSystemWord('product-id:missing'), { kind: 'product-id', id: null });
  assert.deepEqual(readSystemWord(`file-system:/var\\x3alib:ext4:uuid:label:part:type:name`), {
    kind: 'file-system',
    ...{ path: '/var:lib', type: 'ext4', uuid: 'uuid' },
  });
  assert.deepEqual(readSystemWord('file-system:/::::::'), {
    kind: 'file-system',
    ...{ path: '/', type: '', uuid: '' },
  });
  assert.deepEqual(readSystemWord('nvpcr-init:verity:0x1d10202:000b00ff'), {
    kind: 'nvpcr-init',
    ...{ nvpcr: 'verity', nvIndex: 0x1d10202, name: '000b00ff' },
  });
  assert.deepEqual(readSystemWord('cryptsetup-keyslot:root:uuid:tpm2:1'), {
    kind: 'keyslot',
    ...{ volume: 'root', mechanism: 'tpm2', slot: '1' },
  });
  assert.deepEqual(readSystemWord(`verity:loop1p1-16-verity:${hash}:0a/MAo=,0b/MA/o`), {
    kind: 'verity',
    device: 'loop1p1-16-verity',
    rootHash: hash,
    signers: [
      { serial: '0a', issuer: 'MAo=' },
      { serial: '0b', issuer: 'MA/o' },
    ],
  });
  assert.deepEqual(readSystemWord(`imds-userdata:${hash}:aGVsbG8=`), { kind: 'imds-userdata', sha256: hash });
});

test('what only resembles one is none', () => {
  for (const text of [
    ...['', 'Ready', 'ready ', 'machine-id:', `machine-id:${id}:`, 'machine-id:missing', `product-id:${id}0`],
    ...['file-system:/:ext4', 'file-system:var::::::', 'file-system:/\\:::::::', 'nvpcr-init:verity:7:00'],
    ...['nvpcr-init:verity:0x1:xx', 'verity:a:b', `verity::${hash}:`, `verity:a:${hash}:0a`, 'verity:a:0g:'],
    ...[`imds-userdata:${id}:`, 'cryptsetup-keyslot:a:b', `machine-id:${id}\n`, `file-system:/ä::::::`],
    `file-system:/${'a'.repeat(5000)}::::::`,
  ])
    assert.equal(readSystemWord(text), null, text);
});
