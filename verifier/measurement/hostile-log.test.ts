import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { affordable, checkCost } from '../bytes/tests/cost-of.ts';

// As large as evidence may have one.

const moduleOf = (name: string): string => pathToFileURL(join(import.meta.dirname, name)).href;

function readLog(recordOf: string): string {
  const input = `
    const { parseSystemdLog } = await import(${JSON.stringify(moduleOf('systemd-log.js'))});
    const { replayLog } = await import(${JSON.stringify(moduleOf('replay.js'))});
    const { readExtensionHistory } = await import(${JSON.stringify(moduleOf('extension-history.js'))});
    const { quoteOf } = await import(${JSON.stringify(moduleOf('../../test-vectors/generate/log-quote.js'))});
    const quote = quoteOf('sha256', new Map([[13, new Uint8Array(32)]]));
    const hex = 'ab'.repeat(32);
    const digests = [{ hashAlg: 'sha256', digest: hex }];
    const withText = (string) => ({ pcr: 13, digests, content_type: 'systemd', content: { string } });
    const recordOf = ${recordOf};
    const textOf = (record) => typeof record === 'string' ? record : JSON.stringify(record);
    const maximumBytes = 16 * 1024 * 1024;
    const log = new Uint8Array(maximumBytes);
    let end = 0;
    for (let number = 0; ; number++) {
      const bytes = Buffer.from('\\x1e' + textOf(recordOf(number)) + '\\n');
      if (end + bytes.length > maximumBytes) break;
      log.set(bytes, end);
      end += bytes.length;
    }
    const wordOf = (records) => {
      const replayed = replayLog(quote, records, 13).replayed;
      const { read } = readExtensionHistory(records.flatMap(({ text }) => text ?? []));
      return [replayed, read].join();
    };`;
  return checkCost(input, 'wordOf(parseSystemdLog(log.subarray(0, end), { maximumBytes }))');
}

const logs: readonly (readonly [what: string, recordOf: string, word: string])[] = [
  [
    'the smallest records',
    "() => ({ pcr: 13, digests: [{ hashAlg: 'x', digest: '' }], content_type: '', content: 0 })",
    'false,true',
  ],
  [
    'records of another register',
    "() => ({ nv_index: 1, digests, content_type: '', content: 0 })",
    'true,true',
  ],
  [
    'extensions of one set',
    '(number) => withText(number === 0 ? `touchstone-policy:p:1:${hex}` : `touchstone-extension:sysext:n${number}::sha256:${hex}:${hex}:r`)',
    'false,false',
  ],
  ['violations', '() => withText(`touchstone-violation:sysext:unapproved:n:${hex}`)', 'false,true'],
  [
    'records of many members',
    "() => ({ ...withText(''), ...Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`k${at}`, 0])) })",
    'false,false',
  ],
  ['long texts', "() => withText('x'.repeat(60000))", 'false,false'],
  ['texts that are all escapes', "() => withText('\\\\303\\\\244'.repeat(2000))", 'false,false'],
  [
    'texts that are all escapes of JSON',
    "() => JSON.stringify(withText('?')).replace('?', '\\\\u00e4'.repeat(9000))",
    'false,true',
  ],
  [
    'records of many digests',
    "() => ({ ...withText('a'), digests: Array.from({ length: 16 }, (_, at) => ({ hashAlg: `a${at}`, digest: hex })) })",
    'false,false',
  ],
];

for (const [what, recordOf, word] of logs)
  test(`a log of ${what} ${affordable}`, () => assert.equal(readLog(recordOf), word));
