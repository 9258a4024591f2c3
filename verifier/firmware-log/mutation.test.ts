import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { expectedOf, genuineDirectory } from '../../test-vectors/generate/log-genuine.ts';
import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { bootPcrs, writeLog } from '../../test-vectors/generate/log-writer.ts';
import type { FirmwareFacts } from './firmware-facts.ts';
import { readFirmwareLog } from './read-firmware-log.ts';

/** The facts without what is only the log writer's word, one line each, but for images and contents, which are digests alone. */
function believed({ secureBoot, commands, actions, sections }: FirmwareFacts): string[] {
  const state = secureBoot.known
    ? [
        JSON.stringify({ ...secureBoot, others: [...secureBoot.others], authorities: [] }),
        ...secureBoot.authorities.map((authority) => JSON.stringify(authority)),
      ]
    : [];
  return [
    ...state,
    ...commands.map(({ pcr, text }) => `command ${pcr} ${text}`),
    ...actions.map(({ pcr, text }) => `action ${pcr} ${text}`),
    ...sections.map(({ name, digest }) => `section ${name} ${digest}`),
  ];
}

function imagesOf({ images }: FirmwareFacts): Set<string> {
  return new Set(images.map(({ pcr, digest }) => `${pcr} ${digest}`));
}

const moklist = expectedOf('event-moklisttrusted').pcrs.get('sha256') ?? new Map<number, Uint8Array>();
const cases = [
  ['the sample boot', writeLog(sampleBoot), quoteOf('sha256', bootPcrs(sampleBoot, 'sha256'))],
  [
    'a real log',
    new Uint8Array(readFileSync(`${genuineDirectory}/event-moklisttrusted.bin`)),
    quoteOf('sha256', moklist),
  ],
] as const;

const mutants = 2000;

for (const [name, log, quote] of cases) {
  const verdict = readFirmwareLog(log, quote);
  assert.ok(verdict.read);
  const truth = new Set(believed(verdict.log.facts));
  const images = imagesOf(verdict.log.facts);

  test(`no change of one byte of ${name} makes it say what was not measured, or hides an image`, () => {
    const step = Math.ceil(log.length / mutants);
    let read = 0;
    for (let offset = 0; offset < log.length; offset += step) {
      const mutant = log.slice();
      mutant[offset] = (mutant[offset] ?? 0) ^ (1 << (offset % 8));
      const answer = readFirmwareLog(mutant, quote);
      if (!answer.read) continue;
      read++;
      const { facts } = answer.log;
      assert.deepEqual(
        believed(facts).filter((fact) => !truth.has(fact)),
        [],
        `byte ${offset}`,
      );
      assert.ok(
        [...images].every((image) => imagesOf(facts).has(image)),
        `byte ${offset} hides an image`,
      );
    }
    // Digests of other banks, paths and the like may change; if none did, nothing was tried.
    assert.ok(read > 0);
  });

  test(`${name} cut short is not read`, () => {
    for (let length = 0; length < log.length; length += Math.ceil(log.length / 200))
      assert.equal(readFirmwareLog(log.subarray(0, length), quote).read, false, `${length} bytes`);
  });
}
