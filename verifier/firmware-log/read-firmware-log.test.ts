import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { expectedOf, genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import { ascii, sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { bootPcrs, hash, writeLog } from '../../test-vectors/generate/log-writer.ts';
import type { AuthenticatedFirmwareLog } from './read-firmware-log.ts';
import { readFirmwareLog } from './read-firmware-log.ts';

const log = writeLog(sampleBoot);
const pcrs = bootPcrs(sampleBoot, 'sha256');

function read(bytes: Uint8Array, values = pcrs): AuthenticatedFirmwareLog {
  const verdict = readFirmwareLog(bytes, quoteOf('sha256', values));
  assert.ok(verdict.read);
  return verdict.log;
}

test('the value at which the replay of the extension PCR begins is what the stub left in it', () => {
  const word = hash('sha256', ascii('touchstone'));
  const stub = pcrs.get(13);
  assert.ok(stub !== undefined);
  const quote = quoteOf('sha256', new Map([...pcrs, [13, hash('sha256', stub, word)]]));
  const verdict = readFirmwareLog(log, quote, new Map([[13, [word]]]));
  assert.ok(verdict.read);
  assert.deepEqual(verdict.log.values.get(13), stub);
});

test('a quoted PCR without events is explained by a reset alone', () => {
  const { values, unexplained } = read(
    log,
    new Map([...pcrs, [10, hash('sha256', ascii('IMA'))], [15, new Uint8Array(32)]]),
  );
  assert.deepEqual(unexplained, [10]);
  assert.deepEqual(values.get(15), new Uint8Array(32));
  assert.equal(values.has(10), false);
});

test('a log from which all events of a PCR are left out does not pass for one without', () => {
  const { values, unexplained, facts } = read(writeLog(sampleBoot.filter(({ pcr }) => pcr !== 11)));
  assert.deepEqual([facts.sections, values.has(11), unexplained], [[], false, [11]]);
});

test('a reason names event, PCR and offset', () => {
  const added = writeLog([...sampleBoot, ...sampleBoot.slice(-1)]);
  const verdict = readFirmwareLog(added, quoteOf('sha256', pcrs));
  assert.ok(!verdict.read);
  assert.deepEqual(verdict.reasons, [
    {
      code: 'log-event-added',
      message: `The firmware log has more than was quoted: The quoted value of PCR 5 is that before event ${sampleBoot.length + 1} (PCR 5, EV_EFI_ACTION, byte ${log.length}).`,
      at: null,
    },
  ]);
});

test('what was read does not change with the bytes it was read from', () => {
  // A Buffer, whose slice() is no copy.
  const bytes = Buffer.from(log);
  const verdict = read(bytes);
  const before = JSON.stringify(verdict.facts);
  bytes.fill(0);
  assert.equal(JSON.stringify(verdict.facts), before);
});

test('databases, authorities and levels are read entry by entry', () => {
  const bytes = new Uint8Array(readFileSync(`${genuineDirectory}/event-moklisttrusted.bin`));
  const { secureBoot } = read(bytes, new Map(expectedOf('event-moklisttrusted').pcrs.get('sha256'))).facts;
  assert.ok(secureBoot.known);
  const microsoft = '77fa9abd-0359-4d32-bd60-28f4e78f784b';
  assert.deepEqual(
    secureBoot.db.map(({ kind, owner }) => `${kind} ${owner}`),
    [`certificate ${microsoft}`, `certificate ${microsoft}`],
  );
  assert.deepEqual(secureBoot.dbx, [
    {
      kind: 'sha256',
      owner: 'a0baa8a3-041d-48a8-bc87-c36d121b5e3d',
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    },
  ]);
  const [db, level, trusted, shim] = secureBoot.authorities.map(({ content }) => content);
  assert.deepEqual(db, secureBoot.db[1]);
  assert.deepEqual(level, { kind: 'sbat-level', text: 'sbat,1,2021030218\n', date: '2021-03-02' });
  assert.deepEqual(trusted, { kind: 'bytes', data: '01' });
  assert.equal(shim?.kind, 'certificate');
});

test('paths and names are told, as the log writer’s word', () => {
  const { images, contents, commands } = read(log).facts;
  assert.deepEqual(
    images.map(({ loggedPath }) => loggedPath),
    ['\\EFI\\BOOT\\BOOTX64.EFI', '\\EFI\\BOOT\\grubx64.efi', '\\EFI\\Linux\\sample.efi'],
  );
  const named = contents.flatMap(({ pcr, loggedName }) =>
    loggedName === null ? [] : [`${pcr} ${loggedName}`],
  );
  assert.deepEqual(named, ['5 loader.conf', '14 MokList', '13 System extension initrd']);
  assert.deepEqual(
    commands.map(({ text }) => text),
    ['quiet splash'],
  );
});
