/** One worker thread that appraises as fast as it can, and says how many it did a second. */
import { parentPort, workerData } from 'node:worker_threads';

import { threadRequestShape } from './appraise-request.ts';
import { makeWays } from './appraise-ways.ts';

const request: unknown = workerData;
const { sample, seconds } = threadRequestShape.parse(request);
const way = (await makeWays(sample)).get('firmware log known, host seen before');
const count = sample.challenges.length;
let done = 0;
let begun = performance.now();
// The first second is for the compiler.
for (const length of [1, seconds]) {
  begun = performance.now();
  for (done = 0; performance.now() - begun < length * 1000; done += count)
    for (let number = 0; number < count; number++) way?.(number);
}
parentPort?.postMessage((done * 1000) / (performance.now() - begun));
