import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { affordable, checkCost } from '../bytes/tests/cost-of.ts';

// As large as it may be.

const evidenceModule = pathToFileURL(join(import.meta.dirname, 'evidence.js')).href;

function readEvidence(open: string, unit: string, close: string): string {
  const input = `
    const { maximumEvidenceBytes, parseEvidence } = await import(${JSON.stringify(evidenceModule)});
    const bytes = Buffer.alloc(maximumEvidenceBytes);
    let end = bytes.write(${JSON.stringify(open)});
    const unitOf = ${unit};
    for (let number = 0; ; number++) {
      const unit = Buffer.from(unitOf(number));
      if (end + unit.length + 8 > bytes.length) break;
      end += unit.copy(bytes, end);
    }
    end += bytes.write(${JSON.stringify(close)}, end);
    const evidence = new Uint8Array(bytes.buffer, 0, end);
    const wordOf = () => {
      try {
        parseEvidence(evidence);
        return 'read';
      } catch (error) {
        return error.name;
      }
    };`;
  return checkCost(input, 'wordOf()');
}

const documents: readonly (readonly [what: string, open: string, unit: string, close: string])[] = [
  ['members', '{"a":0', '(number) => `,"k${number}":0`', '}'],
  ['lists', '[0', "() => ',[]'.repeat(9999)", ']'],
  ['objects', '[0', "() => ',{}'.repeat(9999)", ']'],
  ['strings', '["a"', `() => ',"a"'.repeat(9999)`, ']'],
  ['strings with escapes', '["a"', String.raw`() => ',"\\n"'.repeat(9999)`, ']'],
  ['numbers', '[1', "() => ',1'.repeat(9999)", ']'],
  ['one number', '[1', "() => '1'.repeat(9999)", ']'],
  ['one string', '["', "() => 'a'.repeat(9999)", '"]'],
  ['one string that is not ASCII', '["', "() => 'ä'.repeat(9999)", '"]'],
  ['one string of escapes', '["', String.raw`() => '\\u0041'.repeat(9999)`, '"]'],
  ['backslashes', '["', String.raw`() => '\\\\'.repeat(9999)`, '"]'],
  ['depth', '', "() => '['.repeat(9999)", ''],
  ['quotes', '', `() => '"'.repeat(9999)`, ''],
  ['spaces', '{"a"', "() => ' '.repeat(9999)", ':1}'],
];

for (const [what, open, unit, close] of documents)
  test(`evidence that is nothing but ${what} ${affordable}`, () =>
    assert.equal(readEvidence(open, unit, close), 'Malformed'));
