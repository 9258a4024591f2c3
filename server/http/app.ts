import express, { type Express } from 'express';
import * as OpenApiValidator from 'express-openapi-validator';

import type { Attester } from '../attester/attester.ts';
import { problemHandler } from './problems.ts';
import { createAttestation } from './routes/create-attestation.ts';
import { getContract } from './routes/get-contract.ts';
import { getHealth } from './routes/get-health.ts';
import { getIdentity } from './routes/get-identity.ts';

export interface AppOptions {
  readonly attester: Attester;
  /** Path of openapi.yaml: requests that do not fit it never reach a handler. */
  readonly contract: string;
  /** Also check every answer against the contract, as the tests do; a host does not pay for that. */
  readonly validateResponses: boolean;
  /** Receives what went wrong inside, one line each. */
  readonly log: (message: string) => void;
}

/** The largest request body that is read; a challenge has under 200 bytes. */
const maximumBodyBytes = 4096;

/** The attestation endpoint as an express application; it opens no socket. */
export function createApp({ attester, contract, validateResponses, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  app.use(express.json({ limit: maximumBodyBytes, strict: true }));
  app.use(
    OpenApiValidator.middleware({
      apiSpec: contract,
      validateRequests: { allErrors: false },
      validateResponses,
      validateSecurity: false,
    }),
  );
  app.get('/v1/identity', getIdentity(attester));
  app.post('/v1/attestations', createAttestation(attester));
  app.get('/healthz', getHealth);
  app.get('/openapi.yaml', getContract(contract));
  app.use(problemHandler(log));
  return app;
}
