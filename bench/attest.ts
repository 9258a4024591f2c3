/**
 * `npm run bench:attest`: what sharing a quote is worth. Clients ask for evidence as fast as they get it, of an endpoint that
 * takes a quote for each, and of one that lets them share; both on one software TPM, in turns. See docs/endpoint.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { runCommandLine } from '../server/cli/command-line.ts';
import { makeSampleHost } from '../server/demo/sample-host.ts';
import { startSoftwareTpm } from '../server/tpm-device/software-tpm.ts';
import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { type BenchEndpoint, startBenchEndpoint } from './attest-endpoint.ts';
import { challenge, type ClientResult } from './challenge-clients.ts';
import { describeSystem } from './machine.ts';

const help = `Usage: npm run bench:attest -- [--seconds N] [--requests N]
  --seconds N   how long each figure is measured (8)
  --requests N  requests of 64 clients over which the memory is watched (100000; 0: not at all)
`;

const clientCounts = [1, 4, 16, 64, 256];

interface Figures extends ClientResult {
  readonly quotes: number;
  readonly cpuMs: number;
}

async function measure(endpoint: BenchEndpoint, clients: number, seconds: number): Promise<Figures> {
  // Connections are made, and the first quotes taken, before it counts.
  await challenge(endpoint.url, clients, (answers, passed) => answers >= clients && passed > 0.5);
  const before = await endpoint.use();
  const result = await challenge(endpoint.url, clients, (_answers, passed) => passed > seconds);
  const after = await endpoint.use();
  const cpu = after.ownSeconds + after.toolSeconds - before.ownSeconds - before.toolSeconds;
  return { ...result, quotes: after.quotes - before.quotes, cpuMs: (cpu * 1000) / result.answers };
}

function quantile({ latencies }: ClientResult, share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
}

function columns(figures: Figures): string {
  const column = (value: number, digits: number, width: number): string =>
    value.toFixed(digits).padStart(width);
  return [
    column(figures.answers / figures.seconds, 1, 9),
    column(figures.answers / figures.quotes, 1, 8),
    column(quantile(figures, 0.5), 0, 7),
    column(quantile(figures, 0.99), 0, 7),
    column(figures.cpuMs, 2, 8),
  ].join('');
}

async function compare(each: BenchEndpoint, shared: BenchEndpoint, seconds: number): Promise<void> {
  const names = '  answers/s  a quote p50 ms p99 ms  CPU ms';
  console.log(`\n${''.padEnd(7)}   one quote each${''.padEnd(24)}shared quotes`);
  console.log(`clients${names}${names}   ratio`);
  for (const clients of clientCounts) {
    const alone = await measure(each, clients, seconds);
    const together = await measure(shared, clients, seconds);
    const ratio = together.answers / together.seconds / (alone.answers / alone.seconds);
    const cells = `${String(clients).padStart(7)}  ${columns(alone)}  ${columns(together)}`;
    const refused = alone.refused + together.refused;
    console.log(`${cells}${ratio.toFixed(1).padStart(8)}${refused === 0 ? '' : `  (${refused} refused)`}`);
  }
}

async function watchMemory({ url, use }: BenchEndpoint, requests: number): Promise<void> {
  console.log(`\nmemory of the endpoint over ${requests} requests of 64 clients`);
  const step = Math.ceil(requests / 10);
  for (let done = 0; done <= requests; done += step) {
    const { residentBytes, liveBytes } = await use();
    const [resident, live] = [residentBytes, liveBytes].map((bytes) =>
      (bytes / 2 ** 20).toFixed(1).padStart(6),
    );
    console.log(`${String(done).padStart(9)} ${resident ?? ''} MiB resident, ${live ?? ''} MiB of it in use`);
    if (done >= requests) continue;
    const { refused } = await challenge(url, 64, (answers) => answers >= step);
    if (refused > 0) console.log(`${''.padStart(9)} (${refused} refused)`);
  }
}

async function run(directory: string, seconds: number, requests: number): Promise<void> {
  console.log(describeSystem().join('\n'));
  const host = await makeSampleHost(directory);
  const tpm = await startSoftwareTpm();
  const endpoints: BenchEndpoint[] = [];
  try {
    const { root } = host;
    const said: string[] = [];
    const output = {
      out: (text: string) => void said.push(text),
      err: (text: string) => void said.push(text),
    };
    if ((await runCommandLine(['gate', '--root', root, '--tcti', tpm.tcti], output)) !== 0)
      throw new CouldNotDecide(said.join(''));
    const start = async (together: number): Promise<BenchEndpoint> => {
      const endpoint = await startBenchEndpoint({ root, tcti: tpm.tcti, together });
      endpoints.push(endpoint);
      return endpoint;
    };
    const [each, shared] = [await start(1), await start(256)];
    await compare(each, shared, seconds);
    if (requests > 0) await watchMemory(shared, requests);
  } finally {
    for (const endpoint of endpoints) endpoint.stop();
    await tpm.stop();
  }
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    requests: { type: 'string', default: '100000' },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, requests] = [Number(values.seconds), Number(values.requests)];
if (
  values.help ||
  !Number.isSafeInteger(seconds) ||
  seconds < 1 ||
  !Number.isSafeInteger(requests) ||
  requests < 0
) {
  process.stdout.write(help);
  process.exitCode = values.help ? 0 : 2;
} else {
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
  try {
    await run(directory, seconds, requests);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
