import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Hex, parseHex } from '../../../verifier/bytes/hex.ts';
import type { ImageDevices, VerityDevice } from '../merged/image-devices.ts';
import type { MergedState, MergeExpectation } from '../merged/merged-state.ts';
import { explainMerged } from './explain-merged.ts';

const hash = (byte: string): Hex => parseHex(byte.repeat(32), 'test');
const path = '/nonexistent/touchstone-test/good.raw';

const good: MergeExpectation = {
  approval: { name: 'good', rootHash: hash('a1'), hashAlgorithm: 'sha256' },
  ...{ path, verityBytes: 8192n },
  file: { device: '254:0', inode: 11n, size: 4096n, modifiedNs: 1n, changedNs: 2n },
};

function verity(rootHash: Hex, dataLoop: string, sequence: bigint): VerityDevice {
  return {
    ...{ name: `${dataLoop}-verity`, rootHash, dataBytes: 8192n, open: true, corrupted: false },
    ...{ lenient: false, dataLoop, hashLoop: dataLoop, sequence },
  };
}

/** A program still runs from what was merged first; what is merged now came from another file at the same place. */
const devices: ImageDevices = {
  loops: [
    { name: 'loop1', sequence: 101n, device: '254:0', inode: 11n, path: `${path} (deleted)` },
    { name: 'loop2', sequence: 201n, device: '254:0', inode: 66n, path },
  ],
  verity: [verity(good.approval.rootHash, 'loop1', 102n), verity(hash('ee'), 'loop2', 202n)],
};

const now: MergedState = {
  ...{ class: 'sysext', hierarchies: ['/usr'], mutable: 'no', since: null, problems: [] },
  extensions: [{ name: 'good', rootHash: null, path: null }],
  ...{ knownBy: 'names', mergeId: '0:42@2' },
};

test('the devices that came with one merge explain no other', async () => {
  const window = { after: 100n, until: 102n };
  const record = { expected: [good], merge: { mergeId: '0:41@1', window } };
  const { record: found, violations } = await explainMerged([record], now, devices);
  assert.equal(found, null);
  assert.deepEqual(
    violations.map(({ code, rootHash }) => [code, rootHash]),
    [['unapproved', hash('ee')]],
  );
  const before = await explainMerged([record], { ...now, mergeId: '0:41@1' }, devices);
  assert.equal(before.record, record);
});
