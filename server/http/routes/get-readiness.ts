import type { RequestHandler } from 'express';

import type { Attester } from '../../attester/attester.ts';

/** `GET /readyz`: evidence could be given now. */
export function getReadiness(attester: Attester): RequestHandler {
  return async (_request, response) => {
    await attester.ready();
    response.json({ status: 'ready', attestationKey: attester.keyOrigin });
  };
}
