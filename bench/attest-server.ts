/**
 * An attestation endpoint in a process of its own, so that its time of the processor and its memory are its own. Says where
 * it serves, then for each line `use` on its standard input what it has used so far, as JSON. Ends with its input.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { createAttester, defaultBatchLimits } from '../server/attester/attester.ts';
import { ensureIdentity } from '../server/attester/identity.ts';
import { createApp } from '../server/http/app.ts';
import { listen, urlOf } from '../server/http/listen.ts';
import { openTpm } from '../server/tpm-device/tpm2-tools.ts';
import { serverRequestShape, type ServerUse } from './attest-request.ts';

const { root, tcti, together } = serverRequestShape.parse(JSON.parse(process.argv[2] ?? ''));
const device = openTpm({ tcti });
const identity = await ensureIdentity(root, device);
// One quote each lets challenges wait for minutes where many clients ask: the figures are to show that, not refusals.
const limits = {
  ...defaultBatchLimits,
  together,
  waitingMs: together === 1 ? 120_000 : defaultBatchLimits.waitingMs,
};
const attester = createAttester({ root, device, measurePcr: 13, ...identity }, limits);
let quotes = 0;
attester.observeQuotes(() => quotes++);
const app = createApp({
  attester,
  contract: `${process.cwd()}/openapi.yaml`,
  validateResponses: false,
  log: (message, { level } = {}) => {
    if (level === 'warn' || level === 'error') process.stderr.write(`${message}\n`);
  },
});
const { server, close } = await listen(app, { host: '127.0.0.1', port: 0 });
server.timeout = 0;
process.stdout.write(`${JSON.stringify({ url: urlOf(server) })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'use') process.stdout.write(`${JSON.stringify(use())}\n`);
}
await close();

/** User and system time of this process and of the tools it ran, from proc_pid_stat(5): fields 14 to 17, in ticks. */
function use(): ServerUse {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  const own = (ticks[0] ?? 0) + (ticks[1] ?? 0);
  const tools = (ticks[2] ?? 0) + (ticks[3] ?? 0);
  return {
    quotes,
    ownSeconds: own / 100,
    toolSeconds: tools / 100,
    residentBytes: process.memoryUsage.rss(),
    // Last, so that its time is nobody's.
    liveBytes: live(),
  };
}

/** What is reachable; what a process holds beside that is garbage that it has not needed to collect yet. */
function live(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
