import { parentPort, workerData } from 'node:worker_threads';

import { type Campaign, runCampaign } from './campaign.ts';
import { targetMakers } from './targets.ts';

/** What `supervise` gives a worker. */
export interface WorkerTask {
  readonly campaign: Campaign;
  /** One Int32: the number of the mutant that is being read, so that a hang has a name. */
  readonly current: SharedArrayBuffer;
}

function isTask(value: unknown): value is WorkerTask {
  return typeof value === 'object' && value !== null && 'campaign' in value && 'current' in value;
}

if (parentPort === null || !isTask(workerData)) throw new TypeError('this file is a worker of main.js');
const { campaign, current } = workerData;
const make = targetMakers.get(campaign.target);
if (make === undefined) throw new RangeError(`no target ${campaign.target}`);
const target = await make();
const number = new Int32Array(current);
Atomics.store(number, 0, campaign.first);
const outcome = await runCampaign(target, campaign, (mutant) => {
  Atomics.store(number, 0, mutant);
});
parentPort.postMessage(outcome);
