import type { ErrorRequestHandler, Response } from 'express';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Log } from '../os/structured-log.ts';
import { exchangeOf } from './exchange.ts';

/** RFC 9457 problem details. */
export interface Problem {
  readonly type: `${typeof namespace}${string}`;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
}

const namespace = 'urn:touchstone:problem:';

const problem = (word: string, status: number, title: string): Problem => ({
  type: `${namespace}${word}`,
  ...{ title, status },
});

const badRequest = problem('bad-request', 400, 'The request does not fit the contract');

/** Every problem the endpoint answers with; types are stable. */
export const problems = {
  badRequest: (detail: string): Problem => ({ ...badRequest, detail }),
  notFound: problem('not-found', 404, 'There is nothing here'),
  methodNotAllowed: problem('method-not-allowed', 405, 'This path takes another method'),
  requestTimeout: problem('request-timeout', 408, 'The request took too long to arrive'),
  tooLarge: problem('too-large', 413, 'The request is too large'),
  unsupportedMediaType: problem('unsupported-media-type', 415, 'The body must be JSON'),
  credentialRefused: problem('credential-refused', 422, 'The credential is not for the keys of this host'),
  tooManyRequests: problem('too-many-requests', 429, 'This client asks too often'),
  headersTooLarge: problem('headers-too-large', 431, 'The head of the request is too large'),
  internal: problem('internal', 500, 'The endpoint failed'),
  unavailable: problem('unavailable', 503, 'No evidence can be given now'),
} as const satisfies Record<string, Problem | ((detail: string) => Problem)>;

/** Seconds after which a refused client may try again. */
const retryAfter = 2;

/** Ends a response with a problem document. */
export function sendProblem(response: Response, one: Problem): void {
  exchangeOf(response).problem = one.type.slice(namespace.length);
  if (one.status === 503 || one.status === 429) response.set('Retry-After', String(retryAfter));
  response.status(one.status).type('application/problem+json').send(JSON.stringify(one));
}

/**
 * The last handler: whatever failed becomes a problem document. What went wrong inside goes to `log`, never to the
 * client: messages of the TPM's tools name paths and handles.
 */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const { id } = exchangeOf(response);
    const message = error instanceof Error ? error.message : String(error);
    if (response.destroyed) {
      log(message, { level: 'debug', request: id });
      return;
    }
    if (response.headersSent) {
      log(message, { level: 'error', request: id });
      // What was begun cannot be taken back: Express ends the connection. Given the error, it would print its stack.
      next();
      return;
    }
    const one = toProblem(error);
    if (one.status >= 500) log(message, { level: one.status === 503 ? 'warn' : 'error', request: id });
    sendProblem(response, one);
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof CouldNotDecide) return problems.unavailable;
  // express and express-openapi-validator mark the client's mistakes with a status.
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 404) return problems.notFound;
  if (status === 405) return problems.methodNotAllowed;
  if (status === 413) return problems.tooLarge;
  if (status === 415) return problems.unsupportedMediaType;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problems.badRequest(error instanceof Error ? error.message : '');
  }
  return problems.internal;
}
