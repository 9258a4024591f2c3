import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseLoops } from './image-devices.ts';
import { loops, rootHashes, verityStatus, verityTable } from './tests/real-texts.ts';
import { parseCorrupted, parseMapped, parseVerityTable } from './verity-table.ts';

test('a real table of dm-verity devices is read', () => {
  const [sidecar, , tools] = parseVerityTable(verityTable);
  assert.deepEqual(sidecar, {
    ...{ name: 'loop0-verity', dataDevice: '7:0', hashDevice: '7:1', algorithm: 'sha256' },
    ...{ rootHash: rootHashes.sidecar, dataBytes: 235n * 4096n, options: [] },
  });
  assert.deepEqual(tools?.options, ['root_hash_sig_key_desc', 'cryptsetup:abc']);
});

test('no devices are no lines', () => {
  assert.deepEqual(parseVerityTable('No devices found\n'), []);
  assert.deepEqual(parseVerityTable(''), []);
  assert.deepEqual([...parseCorrupted('No devices found\n')], []);
  assert.deepEqual([...parseMapped('No devices found\n')], []);
});

test('a device that is mapped otherwise than verity has it is refused', () => {
  const [line = ''] = verityTable.split('\n');
  const refused = [
    line.replace('0 1880', '8 1880'),
    line.replace('0 1880', '0 3760'),
    line.replace(' 235 ', ' 234 '),
    line.replace(rootHashes.sidecar, rootHashes.sidecar.toUpperCase()),
    line.replace('7:0', '/dev/loop0'),
    `${line}\n${line}`,
    'loop0-verity: 0 1880 linear 7:0 0',
    'loop0-verity: 0 1880 verity',
  ];
  for (const text of refused) assert.throws(() => parseVerityTable(text), { code: 'malformed' }, text);
});

test('the kernel says which devices have met corrupted data', () => {
  assert.deepEqual([...parseCorrupted(verityStatus)], ['loop4p1-verity']);
  assert.throws(() => parseCorrupted('loop0-verity: 0 8 verity X'), { code: 'malformed' });
});

test('numbers of mapped devices are read, and how often they are open', () => {
  const mapped = parseMapped('loop0-verity\t253\t2\t1\nb\t253\t0\t0\n');
  assert.deepEqual(mapped.get('loop0-verity'), { number: '253:2', open: 1 });
  assert.equal(mapped.get('b')?.open, 0);
  assert.throws(() => parseMapped('a\t253\t0\tmany'), { code: 'malformed' });
});

test('the real files behind loop devices are read', () => {
  assert.deepEqual(parseLoops(loops)[0], { name: 'loop1', inode: 6785n, device: '254:0' });
  assert.deepEqual(parseLoops(''), []);
  for (const text of ['/dev/loop1 6785', '/dev/loop1  254:0', '/dev/sda 1 2:3', '/dev/loop1 -1 2:3'])
    assert.throws(() => parseLoops(text), { code: 'malformed' }, text);
});
