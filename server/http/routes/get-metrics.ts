import type { RequestHandler } from 'express';

import type { Metrics } from '../metrics.ts';

/** `GET /metrics`: what Prometheus reads. */
export function getMetrics(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    const { text, contentType } = await metrics.page();
    response.set('Content-Type', contentType).end(text);
  };
}
