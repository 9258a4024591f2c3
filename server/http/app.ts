import express, { type Express, type RequestHandler } from 'express';
import * as OpenApiValidator from 'express-openapi-validator';
import { readFileSync } from 'node:fs';

import type { Attester } from '../attester/attester.ts';
import type { Log } from '../os/structured-log.ts';
import { createClientRate, type RateLimit } from './client-rate.ts';
import { exchangeOf } from './exchange.ts';
import { followExchanges } from './follow-exchanges.ts';
import { jsonBody } from './json-body.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { problemHandler, problems, sendProblem } from './problems.ts';
import { activateCredential } from './routes/activate-credential.ts';
import { createAttestation } from './routes/create-attestation.ts';
import { getContract } from './routes/get-contract.ts';
import { getDocs } from './routes/get-docs.ts';
import { getEvents } from './routes/get-events.ts';
import { getExtensions } from './routes/get-extensions.ts';
import { getHealth } from './routes/get-health.ts';
import { getIdentity } from './routes/get-identity.ts';
import { getMetrics } from './routes/get-metrics.ts';
import { getReadiness } from './routes/get-readiness.ts';
import { securityHeaders } from './security-headers.ts';
import { createStreamPlaces, type StreamLimits } from './stream-places.ts';
import { wholeAnswers } from './whole-answers.ts';

export interface AppOptions {
  readonly attester: Attester;
  /** Path of openapi.yaml: requests that do not fit it never reach a handler. */
  readonly contract: string;
  /** Also check every answer against the contract, as the tests do; a host does not pay for that. */
  readonly validateResponses: boolean;
  /** Receives what went wrong inside, and each request. */
  readonly log: Log;
  /** The endpoint's; made here if not given. */
  readonly metrics?: Metrics;
  /** How often each client with a certificate may ask for evidence. */
  readonly rate?: RateLimit;
  /** How many streams of events may be open. */
  readonly streams?: StreamLimits;
}

const operationsWithBody = ['/v1/identity/activation', '/v1/attestations'];

/** A verifier asks a host every few seconds at most; one that watches closely is still answered. */
const defaultRate: RateLimit = { burst: 32, perSecond: 8 };

/** A host is enrolled once; each attempt takes the TPM from those who ask for evidence. */
const activationRate: RateLimit = { burst: 8, perSecond: 0.2 };

const defaultStreams: StreamLimits = { all: 64, each: 4 };

/** The attestation endpoint as an express application; it opens no socket. */
export function createApp(options: AppOptions): Express {
  const {
    attester,
    contract,
    validateResponses,
    log,
    rate = defaultRate,
    streams = defaultStreams,
  } = options;
  const metrics = options.metrics ?? createMetrics(attester, 'unknown');
  const contractText = readFileSync(contract, 'utf8');
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.use(followExchanges(log, metrics), securityHeaders, wholeAnswers);
  // Where the contract has no body none is read, and none is refused.
  app.post(operationsWithBody, ...jsonBody);
  app.use(
    OpenApiValidator.middleware({
      apiSpec: contract,
      validateRequests: { allErrors: false },
      validateResponses,
      validateSecurity: false,
    }),
  );
  app.get('/v1/identity', operation('getIdentity', getIdentity(attester)));
  app.post(
    '/v1/identity/activation',
    operation('activateCredential', activateCredential(attester, createClientRate(activationRate))),
  );
  app.post(
    '/v1/attestations',
    operation('createAttestation', createAttestation(attester, createClientRate(rate))),
  );
  app.get('/v1/extensions', operation('getExtensions', getExtensions(attester)));
  app.get('/v1/events', operation('getEvents', getEvents(attester, createStreamPlaces(streams))));
  app.get('/healthz', operation('getHealth', getHealth));
  app.get('/readyz', operation('getReadiness', getReadiness(attester)));
  app.get('/metrics', operation('getMetrics', getMetrics(metrics)));
  app.get('/openapi.yaml', operation('getContract', getContract(contractText)));
  app.get('/docs', operation('getDocs', getDocs(contractText)));
  // The validator takes paths less strictly than the routes do.
  app.use((_request, response) => sendProblem(response, problems.notFound));
  app.use(problemHandler(log));
  return app;
}

/** A handler under the name that the contract gives it. */
function operation(id: string, handle: RequestHandler): RequestHandler {
  return (request, response, next) => {
    exchangeOf(response).operation = id;
    return handle(request, response, next);
  };
}
