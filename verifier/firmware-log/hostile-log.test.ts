import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const maximumSeconds = 2;
const maximumMebibytes = 256;

const quoteModule = pathToFileURL(join(import.meta.dirname, '../../test-vectors/generate/log-quote.js')).href;
const writerModule = pathToFileURL(
  join(import.meta.dirname, '../../test-vectors/generate/log-writer.js'),
).href;
const readerModule = pathToFileURL(join(import.meta.dirname, 'read-firmware-log.js')).href;

/** A process of its own that reads a log of 64 MiB, so that nothing else counts. */
function costOf(makeLog: string): {
  readonly seconds: number;
  readonly mebibytes: number;
  readonly code: string;
} {
  const program = `
    const { quoteOf } = await import(${JSON.stringify(quoteModule)});
    const { writeLog, agileEvent, digestsOf, logHeader, bootPcrs } = await import(${JSON.stringify(writerModule)});
    const { readFirmwareLog } = await import(${JSON.stringify(readerModule)});
    const size = 64 * 1024 * 1024;
    const log = new Uint8Array(size);
    let pcrs = new Map([[4, new Uint8Array(32).fill(1)]]);
    let end = 0;
    const add = (bytes) => { log.set(bytes, end); end += bytes.length; };
    const fill = (event) => { while (end + event.length <= size) add(event); };
    add(logHeader(['sha256']));
    ${makeLog}
    const before = process.memoryUsage().rss;
    const start = process.cpuUsage();
    const verdict = readFirmwareLog(log.subarray(0, end), quoteOf('sha256', pcrs));
    const { user, system } = process.cpuUsage(start);
    console.log(JSON.stringify({
      seconds: (user + system) / 1e6,
      mebibytes: process.resourceUsage().maxRSS / 1024,
      code: verdict.read ? 'read' : verdict.reasons[0].code,
    }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  const cost: { seconds: number; mebibytes: number; code: string } = JSON.parse(output);
  return cost;
}

const event = (data: string): string =>
  `const event = { pcr: 4, type: 0x0d, data: ${data} }; const bytes = agileEvent(event, digestsOf(event, ['sha256']));`;

const logs: readonly (readonly [what: string, makeLog: string, code: string])[] = [
  ['the smallest events', `${event('new Uint8Array(0)')} fill(bytes);`, 'malformed'],
  [
    'as many events as may be',
    `${event("Buffer.from('grub_cmd: x\\0')")} for (let n = 0; n < 65536; n++) add(bytes);`,
    'log-replay-mismatch',
  ],
  [
    'one event',
    `${event('new Uint8Array(0)')} add(bytes); new DataView(log.buffer).setUint32(end - 4, size - end, true); end = size;`,
    'log-replay-mismatch',
  ],
  ['events of a mebibyte', `${event('new Uint8Array((1 << 20) - 100)')} fill(bytes);`, 'log-replay-mismatch'],
  [
    'events that replay, with lines to read',
    `${event("Buffer.from('grub_cmd: ' + 'x'.repeat(1000) + '\\0')")}
     const separator = { pcr: 4, type: 4, data: new Uint8Array(4) };
     add(agileEvent(separator, digestsOf(separator, ['sha256'])));
     const measured = { ...event, measured: event.data.subarray(10, -1) };
     const command = agileEvent(measured, digestsOf(measured, ['sha256']));
     const events = [separator];
     for (let n = 0; n < 8000; n++) { add(command); events.push(measured); }
     pcrs = bootPcrs(events, 'sha256');`,
    'read',
  ],
  [
    'events that replay, with more to read than is read',
    `${event('new Uint8Array((1 << 20) - 100)')}
     const separator = { pcr: 4, type: 4, data: new Uint8Array(4) };
     add(agileEvent(separator, digestsOf(separator, ['sha256'])));
     const events = [separator];
     while (end + bytes.length <= size) { add(bytes); events.push(event); }
     pcrs = bootPcrs(events, 'sha256');`,
    'malformed',
  ],
];

for (const [what, makeLog, code] of logs) {
  test(`a log of ${what} costs less than ${maximumSeconds} s and ${maximumMebibytes} MiB`, () => {
    const cost = costOf(makeLog);
    assert.equal(cost.code, code);
    assert.ok(cost.seconds < maximumSeconds, `${cost.seconds} s`);
    assert.ok(cost.mebibytes < maximumMebibytes, `${cost.mebibytes} MiB`);
  });
}
