import { Worker } from 'node:worker_threads';

import type { Campaign, Outcome } from './campaign.ts';
import type { WorkerTask } from './worker.ts';

const silenceMs = 15_000;

/**
 * Runs a campaign in a worker thread, which can be ended where it hangs: a parser that never returns blocks its thread.
 * A worker that dies (out of memory) or hangs is a failure of the mutant that it was at.
 */
export function supervise(campaign: Campaign): Promise<Outcome> {
  const current = new SharedArrayBuffer(4);
  const number = new Int32Array(current);
  Atomics.store(number, 0, -1);
  const task: WorkerTask = { campaign, current };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  return new Promise((resolve) => {
    let last = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      const mutant = Atomics.load(number, 0);
      if (mutant !== last) [last, since] = [mutant, performance.now()];
      // Before the first mutant the target makes its seeds, some of them with child processes.
      else if (performance.now() - since > silenceMs * (mutant === -1 ? 8 : 1)) end('hangs');
    }, 500);
    const settle = (outcome: Outcome): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve(outcome);
    };
    const end = (problem: string): void => {
      const failure = {
        target: campaign.target,
        seed: campaign.seed,
        mutant: Atomics.load(number, 0),
        problem,
      };
      settle({ accepted: 0, failures: [failure], slowestMs: Infinity });
    };
    worker.once('message', settle);
    worker.once('error', (error) => {
      end(`ends its worker: ${String(error)}`);
    });
    worker.once('exit', (code) => {
      if (code !== 0) end(`ends its worker with code ${code}`);
    });
  });
}
