import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** One request and its answer. */
export interface Exchange {
  /** Made here: what a client sends could be anybody else's. */
  readonly id: string;
  /** By the monotonic clock, in milliseconds. */
  readonly begunAt: number;
  /** `operationId` of the contract; `none` until a route takes it. */
  operation: string;
  /** The last word of the problem's type; null if it was none. */
  problem: string | null;
  /** Set where the answer is a stream without an end: ends it. Such an answer may take as long as it likes. */
  endStream: (() => void) | null;
}

const exchanges = new WeakMap<ServerResponse, Exchange>();

/** The exchange that a response belongs to; it begins when this is first asked. */
export function exchangeOf(response: ServerResponse): Exchange {
  const known = exchanges.get(response);
  if (known !== undefined) return known;
  const begun: Exchange = {
    id: randomBytes(8).toString('hex'),
    begunAt: performance.now(),
    ...{ operation: 'none', problem: null, endStream: null },
  };
  exchanges.set(response, begun);
  return begun;
}
