import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { affordable, checkCost } from '../bytes/tests/cost-of.ts';

const quoteModule = pathToFileURL(join(import.meta.dirname, '../../test-vectors/generate/log-quote.js')).href;
const writerModule = pathToFileURL(
  join(import.meta.dirname, '../../test-vectors/generate/log-writer.js'),
).href;
const readerModule = pathToFileURL(join(import.meta.dirname, 'read-firmware-log.js')).href;

/** Reads a log of 64 MiB. @returns the code of what was found, or `read`. */
function readLog(makeLog: string): string {
  const input = `
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
    const quote = quoteOf('sha256', pcrs);
    const codeOf = (verdict) => verdict.read ? 'read' : verdict.reasons[0].code;`;
  return checkCost(input, 'codeOf(readFirmwareLog(log.subarray(0, end), quote))');
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

for (const [what, makeLog, code] of logs)
  test(`a log of ${what} ${affordable}`, () => assert.equal(readLog(makeLog), code));
