import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { expectedOf, genuineDirectory, genuineNames } from '../../test-vectors/generate/log-genuine.ts';
import { type DigestName } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { parseFirmwareLog } from './firmware-log.ts';
import { replayFirmwareLog } from './replay.ts';

/** What tpm2_eventlog(1) replays, as lines `BANK INDEX VALUE`. */
function replayedByTool(path: string): string[] {
  const output = execFileSync('tpm2_eventlog', [path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, pcrs = ''] = output.split('\npcrs:\n');
  let bank = '';
  return pcrs.split('\n').flatMap((line) => {
    bank = /^ {2}(\w+):/.exec(line)?.[1] ?? bank;
    const [, index, value] = /^ {4}(\d+) *: 0x([0-9a-f]+)/.exec(line) ?? [];
    return index === undefined || value === undefined ? [] : [`${bank} ${index} ${value}`];
  });
}

function lines(banks: Iterable<readonly [DigestName, ReadonlyMap<number, Uint8Array>]>): string[] {
  return [...banks].flatMap(([bank, values]) =>
    [...values].sort(([a], [b]) => a - b).map(([index, value]) => `${bank} ${index} ${toHex(value)}`),
  );
}

for (const name of genuineNames) {
  const path = `${genuineDirectory}/${name}.bin`;
  const expected = expectedOf(name).pcrs;

  test(`${name} replays in every bank to what tpm2_eventlog makes of it, and to what its own tests expect`, () => {
    const log = parseFirmwareLog(new Uint8Array(readFileSync(path)));
    const replayed = lines([...expected.keys()].map((bank) => [bank, replayFirmwareLog(log, bank)]));
    assert.ok(replayed.length > 0);
    assert.deepEqual(replayed, lines(expected));
    assert.deepEqual(replayed, replayedByTool(path));
  });
}
