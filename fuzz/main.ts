import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { type Campaign, type Failure, makeMutant } from './campaign.ts';
import { supervise } from './supervise.ts';
import { targetMakers } from './targets.ts';

const usage = `usage: npm run fuzz -- [--mutants N] [--seed N] [--target NAME]... [--workers N] [--write MUTANT FILE]

Throws mutants of the test vectors at every parser. A mutant is known by target, seed and number, on any machine:
--target NAME --seed N --write NUMBER FILE writes it to a file.
Targets: ${[...targetMakers.keys()].join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutants: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true, default: [...targetMakers.keys()] },
    workers: { type: 'string', default: String(availableParallelism()) },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const unknown = values.target.find((name) => !targetMakers.has(name));
  const numbers = [values.mutants, values.seed, values.workers, values.write ?? '0'].map(Number);
  if (
    values.help ||
    unknown !== undefined ||
    !numbers.every((one) => Number.isSafeInteger(one) && one >= 0)
  ) {
    process.stderr.write(unknown === undefined ? usage : `touchstone: no fuzz target ${unknown}\n${usage}`);
    return values.help ? 0 : 2;
  }
  if (values.write !== undefined) return writeMutant(Number(values.write));
  const failures = await runAll();
  for (const { target, seed, mutant, problem } of failures)
    process.stdout.write(`FAILED: --target ${target} --seed ${seed}, mutant ${mutant} ${problem}\n`);
  return failures.length === 0 ? 0 : 1;
}

async function writeMutant(number: number): Promise<number> {
  const [file] = positionals;
  const target = await targetMakers.get(values.target[0] ?? '')?.();
  if (file === undefined || target === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  writeFileSync(file, makeMutant(target, Number(values.seed), number).bytes);
  return 0;
}

/** Every target gets its share of the mutants, in pieces, so that all cores are busy to the end. */
function campaigns(): Campaign[] {
  const share = Math.ceil(Number(values.mutants) / values.target.length);
  const piece = Math.max(1000, Math.ceil(share / Math.max(1, Number(values.workers))));
  return values.target.flatMap((target) =>
    Array.from({ length: Math.ceil(share / piece) }, (_, index) => ({
      ...{ target, seed: Number(values.seed), first: index * piece },
      count: Math.min(piece, share - index * piece),
    })),
  );
}

async function runAll(): Promise<Failure[]> {
  const queue = campaigns().values();
  const failures: Failure[] = [];
  let peakRss = 0;
  const watch = setInterval(() => (peakRss = Math.max(peakRss, process.memoryUsage.rss())), 100);
  const lane = async (): Promise<void> => {
    for (const campaign of queue) {
      const start = performance.now();
      const outcome = await supervise(campaign);
      failures.push(...outcome.failures);
      const seconds = (performance.now() - start) / 1000;
      process.stdout.write(
        `${campaign.target.padEnd(18)} ${String(campaign.count).padStart(9)} mutants  ${String(outcome.accepted).padStart(8)} accepted  ` +
          `slowest ${outcome.slowestMs.toFixed(0)} ms  ${seconds.toFixed(1)} s\n`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, lane));
  clearInterval(watch);
  process.stdout.write(`peak memory ${Math.round(peakRss / 1024 / 1024)} MiB\n`);
  return failures;
}

process.exitCode = await main();
