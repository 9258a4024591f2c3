/**
 * `npm run bench:appraise`: how many pieces of evidence a verifier decides about a second, beside the verification of their
 * P-256 signatures alone. All ways take turns; the best turn counts. See docs/benchmarks.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { AppraiseSample, ThreadRequest } from './appraise-request.ts';
import { makeAppraiseSample } from './appraise-sample.ts';
import { makeWays, type Way } from './appraise-ways.ts';
import { describeSystem } from './machine.ts';

const help = `Usage: npm run bench:appraise -- [--seconds N] [--turns N]
  --seconds N  how long a turn of each way is (0.25)
  --turns N    how often each has its turn; the best counts (40)
`;

const challenges = 64;
/** Threads have no turns. */
const threadSeconds = 2;

/** By the processor's time of this process: what others do on the machine costs it turns, and not time of its own. */
function measure(way: Way, seconds: number): number {
  for (let number = 0; number < challenges; number++) way(number);
  const used = process.cpuUsage();
  const begun = performance.now();
  let done = 0;
  for (; performance.now() - begun < seconds * 1000; done += challenges)
    for (let number = 0; number < challenges; number++) way(number);
  const { user, system } = process.cpuUsage(used);
  return (done * 1e6) / (user + system);
}

/** By the clock, since it is about what so many cores do together. */
async function measureThreads(sample: AppraiseSample, threads: number, seconds: number): Promise<number> {
  const script = fileURLToPath(new URL('./appraise-thread.js', import.meta.url));
  const request: ThreadRequest = { sample, seconds };
  const rates = Array.from({ length: threads }, () => {
    const worker = new Worker(script, { workerData: request });
    return new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

async function run(directory: string, seconds: number, turns: number): Promise<void> {
  console.log(describeSystem().join('\n'));
  const sample = await makeAppraiseSample(directory, challenges);
  const [first] = sample.challenges;
  const sizes = [sample.firmwareLog.length * 0.75, first?.known.length ?? 0, first?.whole.length ?? 0];
  const [logKb = 0, known = 0, whole = 0] = sizes.map((size) => size / 1024);
  console.log(
    `\nfirmware log ${logKb.toFixed(0)} KB; evidence ${known.toFixed(0)} KB without it, ${whole.toFixed(0)} KB with it; best of ${turns}`,
  );
  const ways = await makeWays(sample);
  const best = new Map<string, number>();
  for (let turn = 0; turn < turns; turn++)
    for (const [name, way] of ways) best.set(name, Math.max(best.get(name) ?? 0, measure(way, seconds)));
  const bare = [...best.values()][0] ?? Number.NaN;
  console.log(`${''.padEnd(42)}a second of a core  of the first`);
  for (const [name, rate] of best)
    console.log(`${name.padEnd(42)}${rate.toFixed(0).padStart(18)}${(rate / bare).toFixed(2).padStart(14)}`);
  console.log(
    `\nfirmware log known, host seen before, by worker threads${''.padEnd(6)}a second, by the clock`,
  );
  for (let threads = 1; threads <= availableParallelism(); threads *= 2) {
    const rate = await measureThreads(sample, threads, threadSeconds);
    console.log(`${threads.toString().padEnd(60)}${rate.toFixed(0).padStart(18)}`);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '0.25' },
      turns: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  });
  const [seconds, turns] = [Number(values.seconds), Number(values.turns)];
  if (values.help || !(seconds > 0) || !Number.isSafeInteger(turns) || turns < 1) {
    process.stdout.write(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
  try {
    await run(directory, seconds, turns);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await main();
