import type { RequestHandler } from 'express';

import type { Log } from '../os/structured-log.ts';
import { clientName } from './client-name.ts';
import { exchangeOf } from './exchange.ts';
import type { Metrics } from './metrics.ts';

/** Asked every few seconds by whoever watches over the host. */
const routine: ReadonlySet<string> = new Set(['getHealth', 'getReadiness', 'getMetrics']);

/**
 * Gives each request an id, which the answer carries in `X-Request-Id`, and tells log and metrics how it ended. Neither
 * body nor query are written down, and of the path no more than which operation it is.
 */
export function followExchanges(log: Log, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const exchange = exchangeOf(response);
    const { certificate, address } = clientName(request.socket);
    response.set('X-Request-Id', exchange.id);
    response.once('close', () => {
      const { id, begunAt, operation, problem, endStream } = exchange;
      const seconds = (performance.now() - begunAt) / 1000;
      // A client that went away before the end has no status; a stream has no other end.
      const status = response.writableFinished || endStream !== null ? response.statusCode : 499;
      metrics.answered({ operation, status, problem, seconds });
      log('request', {
        level: routine.has(operation) && status < 400 ? 'debug' : 'info',
        ...{ request: id, operation, method: request.method, status, problem: problem ?? undefined },
        ...{ ms: Math.round(seconds * 1000), address, certificate: certificate ?? undefined },
      });
    });
    next();
  };
}
