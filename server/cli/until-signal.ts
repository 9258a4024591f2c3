import { once } from 'node:events';

/** Waits for SIGTERM or SIGINT. */
export async function untilSignal(): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(process, 'SIGTERM', { signal }), once(process, 'SIGINT', { signal })]);
  waiting.abort();
}
