import type { RequestHandler } from 'express';

import { toIdentityDocument } from '../../../verifier/evidence/identity.ts';
import type { Attester } from '../../attester/attester.ts';

/** `GET /v1/identity`: the host's public keys. */
export function getIdentity(attester: Attester): RequestHandler {
  return (_request, response) => {
    response.json(toIdentityDocument(attester.identity));
  };
}
