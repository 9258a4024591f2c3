/**
 * `npm run bench`: how fast a whole hash tree is verified, with `veritysetup verify` as the measure. All ways take turns, so
 * that whatever else the machine does meets all of them; the best of several turns counts. See docs/benchmarks.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { loadAddon } from '../verifier/node/addon.ts';
import { describeMachine } from './machine.ts';
import { type RunRequest, type RunResult, runResultShape } from './run-request.ts';
import { makeSampleImage, type SampleImage, warm } from './sample-image.ts';

const help = `Usage: npm run bench -- [--mib N] [--repeats N]
  --mib N      MiB of data in the image (1024)
  --repeats N  how often each way is measured; the best counts (5)
`;

type Hashing = RunRequest['hashing'];

interface Way {
  readonly name: string;
  /** Null for veritysetup itself. */
  readonly hashing: Hashing | null;
}

function ways(): Way[] {
  const addon = (engine: 'avx512' | 'sha-ni' | 'openssl', threads: number): Way => ({
    name: `addon, ${engine}, ${threads} thread${threads === 1 ? '' : 's'}`,
    hashing: { by: 'addon', engine, threads },
  });
  const engines = loadAddon()?.engines ?? [];
  return [
    { name: 'veritysetup verify', hashing: null },
    { name: 'JavaScript, main thread', hashing: { by: 'main-thread' } },
    { name: 'JavaScript, 1 worker', hashing: { by: 'workers', threads: 1 } },
    { name: 'JavaScript, 2 workers', hashing: { by: 'workers', threads: 2 } },
    ...engines.map((engine) => addon(engine, 1)),
    ...engines.map((engine) => addon(engine, 2)),
  ];
}

function measure({ path, dataBytes, rootHash }: SampleImage, { name, hashing }: Way): RunResult {
  const result = hashing === null ? reference() : ours(hashing);
  if (!result.intact) throw new CouldNotDecide(`${name} says that the image is not intact`);
  return result;

  function ours(way: Hashing): RunResult {
    const request: RunRequest = { image: path, dataBytes, rootHash, hashing: way };
    const script = fileURLToPath(new URL('./run-once.js', import.meta.url));
    const said = execFileSync(process.execPath, [script, JSON.stringify(request)], { encoding: 'utf8' });
    return runResultShape.parse(JSON.parse(said));
  }

  function reference(): RunResult {
    const args = ['verify', path, path, rootHash, `--hash-offset=${dataBytes}`];
    const start = process.hrtime.bigint();
    // The shell knows what time of the processor its children took.
    const timed = ['-c', 'veritysetup "$@" >&2 && times', 'sh', ...args];
    const { status, stdout } = spawnSync('sh', timed, {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const parts = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
    const cpuSeconds = parts.reduce((sum, [, min, sec]) => sum + Number(min) * 60 + Number(sec), 0);
    return { intact: status === 0, seconds, cpuSeconds, peakMiB: Number.NaN };
  }
}

function row(name: string, result: RunResult, reference: number, mebibytes: number): string {
  const column = (value: number, digits: number, width: number): string =>
    (Number.isNaN(value) ? '-' : value.toFixed(digits)).padStart(width);
  return [
    name.padEnd(28),
    column(reference / result.seconds, 2, 7),
    column(mebibytes / result.seconds, 0, 8),
    column(result.seconds, 3, 9),
    column(result.cpuSeconds, 3, 9),
    column(result.peakMiB, 0, 10),
  ].join('');
}

function main(): void {
  const { values } = parseArgs({
    options: {
      mib: { type: 'string', default: '1024' },
      repeats: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  });
  const [mebibytes, repeats] = [Number(values.mib), Number(values.repeats)];
  const sensible = [mebibytes, repeats].every((value) => Number.isSafeInteger(value) && value > 0);
  if (values.help || !sensible) {
    process.stdout.write(help);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'touchstone-bench-'));
  try {
    run(directory, mebibytes, repeats);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(directory: string, mebibytes: number, repeats: number): void {
  console.log(describeMachine().join('\n'));
  const image = makeSampleImage(join(directory, 'image'), mebibytes);
  warm(image);
  const all = ways();
  const best = new Map<string, RunResult>();
  for (let turn = 0; turn < repeats; turn++) {
    for (const way of all) {
      const result = measure(image, way);
      const before = best.get(way.name) ?? result;
      best.set(way.name, {
        intact: true,
        seconds: Math.min(before.seconds, result.seconds),
        cpuSeconds: Math.min(before.cpuSeconds, result.cpuSeconds),
        peakMiB: Math.max(before.peakMiB, result.peakMiB),
      });
    }
  }
  console.log(
    `\n${mebibytes} MiB in the page cache, blocks of 4096, sha256, salt of 32; best of ${repeats}, most memory of ${repeats}`,
  );
  console.log(`${''.padEnd(28)}  ratio   MiB/s  seconds    CPU s  peak MiB`);
  const reference = best.get('veritysetup verify')?.seconds ?? Number.NaN;
  for (const [name, result] of best) console.log(row(name, result, reference, mebibytes));
}

main();
