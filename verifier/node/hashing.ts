import { availableParallelism } from 'node:os';

import { CouldNotDecide } from '../bytes/failures.ts';
import { type AddonEngine, loadAddon } from './addon.ts';
import { addonDigester } from './addon-digester.ts';
import type { RunDigester } from './run-digester.ts';
import { WorkerDigester } from './worker-digester.ts';

/**
 * How blocks of a file are digested. All ways give the same answers; without a wish, the fastest that there is here is
 * taken. Threads are as many as there are cores, within limits that keep memory small.
 */
export type Hashing =
  | { readonly by: 'addon'; readonly engine?: AddonEngine; readonly threads?: number }
  | { readonly by: 'workers'; readonly threads?: number }
  | { readonly by: 'main-thread' };

/** Each takes up to a megabyte. */
const mostAddonThreads = 16;
/** Each takes some ten megabytes. */
const mostWorkers = 4;
/** Bytes of a file from which on starting worker threads takes less time than they save. */
const worthWorkers = 96 * 1024 * 1024;

/**
 * What digests runs of blocks of a file of that size; null if the main thread should.
 *
 * @throws CouldNotDecide if a way was wished for that does not exist here.
 */
export function chooseDigester(fileSize: number, wish?: Hashing): RunDigester | null {
  const cores = availableParallelism();
  if (wish?.by === 'main-thread') return null;
  if (wish?.by === 'workers') return new WorkerDigester(wish.threads ?? Math.min(cores, mostWorkers));
  const addon = loadAddon();
  const engine = addon?.engines.find((name) => wish?.engine === undefined || wish.engine === name);
  if (addon !== null && engine !== undefined) {
    return addonDigester(addon, engine, wish?.threads ?? Math.min(cores, mostAddonThreads));
  }
  if (wish !== undefined)
    throw new CouldNotDecide(
      `the addon${wish.engine === undefined ? '' : ` with ${wish.engine}`} is not available here`,
    );
  return fileSize >= worthWorkers && cores > 1 ? new WorkerDigester(Math.min(cores, mostWorkers)) : null;
}
