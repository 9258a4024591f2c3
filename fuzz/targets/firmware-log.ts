import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { expectedOf, genuineDirectory, genuineNames } from '../../test-vectors/generate/log-genuine.ts';
import { quoteOf } from '../../test-vectors/generate/log-quote.ts';
import { sampleBoot } from '../../test-vectors/generate/log-sample.ts';
import { bootPcrs, writeLog } from '../../test-vectors/generate/log-writer.ts';
import type { FirmwareFacts } from '../../verifier/firmware-log/firmware-facts.ts';
import { readFirmwareLog } from '../../verifier/firmware-log/read-firmware-log.ts';
import type { QuotedPcrs } from '../../verifier/tpm/quote.ts';
import type { Target } from '../target.ts';

/** Firmware logs under the PCRs of their own boot: no edit makes them say another state of Secure Boot, or hides an image. */
export function firmwareLogTarget(): Target {
  const logs = [sampleLog(), ...genuineNames.flatMap(genuineLogs)];
  const factsOf = (log: Uint8Array, seed: number): FirmwareFacts | null => {
    const quote = logs[seed]?.quote;
    const verdict = quote === undefined ? null : readFirmwareLog(log, quote);
    return verdict?.read === true ? verdict.log.facts : null;
  };
  const truths = logs.map(({ log }, seed) => factsOf(log, seed));
  return {
    name: 'firmware-log',
    seeds: logs.map(({ log }) => log),
    meanings: new Set(
      truths.flatMap((facts, seed) => (facts === null ? [] : [`${seed} in doubt`, meaning(facts, seed)])),
    ),
    run: (mutant, seed) => {
      const facts = factsOf(mutant, seed);
      if (facts === null) return null;
      const images = new Set(facts.images.map(({ digest }) => digest));
      assert.ok(
        truths[seed]?.images.every(({ digest }) => images.has(digest)) === true,
        'an image was hidden',
      );
      return meaning(facts, seed);
    },
  };
}

function meaning({ secureBoot }: FirmwareFacts, seed: number): string {
  if (!secureBoot.known) return `${seed} in doubt`;
  const { enabled, pk, kek, db, dbx } = secureBoot;
  return `${seed} ${JSON.stringify([enabled, pk, kek, db, dbx])}`;
}

interface QuotedLog {
  readonly log: Uint8Array;
  readonly quote: QuotedPcrs;
}

function sampleLog(): QuotedLog {
  return { log: writeLog(sampleBoot), quote: quoteOf('sha256', bootPcrs(sampleBoot, 'sha256')) };
}

function genuineLogs(name: string): QuotedLog[] {
  const log = new Uint8Array(readFileSync(`${genuineDirectory}/${name}.bin`));
  return [...expectedOf(name).pcrs].map(([bank, values]) => ({ log, quote: quoteOf(bank, values) }));
}
