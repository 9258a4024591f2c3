import type { RequestHandler } from 'express';

import type { Attester } from '../../attester/attester.ts';
import { bootId } from '../../os/clock.ts';
import { toHostDocument } from '../host-document.ts';

/** `GET /v1/extensions`: what was measured and what is merged, in the host's own words. */
export function getExtensions(attester: Attester): RequestHandler {
  return async (_request, response) => {
    response.json(toHostDocument(await attester.state(), bootId()));
  };
}
