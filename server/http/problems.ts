import type { ErrorRequestHandler, Response } from 'express';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** RFC 9457 problem details. */
export interface Problem {
  readonly type: `urn:touchstone:problem:${string}`;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
}

/** Every problem the endpoint answers with; types are stable. */
export const problems = {
  badRequest: (detail: string): Problem => ({
    type: 'urn:touchstone:problem:bad-request',
    title: 'The request does not fit the contract',
    status: 400,
    detail,
  }),
  notFound: { type: 'urn:touchstone:problem:not-found', title: 'There is nothing here', status: 404 },
  methodNotAllowed: {
    type: 'urn:touchstone:problem:method-not-allowed',
    title: 'This path takes another method',
    status: 405,
  },
  tooLarge: { type: 'urn:touchstone:problem:too-large', title: 'The request is too large', status: 413 },
  unsupportedMediaType: {
    type: 'urn:touchstone:problem:unsupported-media-type',
    title: 'The body must be JSON',
    status: 415,
  },
  internal: { type: 'urn:touchstone:problem:internal', title: 'The endpoint failed', status: 500 },
  unavailable: {
    type: 'urn:touchstone:problem:unavailable',
    title: 'No evidence can be given now',
    status: 503,
  },
} as const satisfies Record<string, Problem | ((detail: string) => Problem)>;

/** Seconds after which a refused client may try again. */
const retryAfter = 2;

/** Ends a response with a problem document. */
export function sendProblem(response: Response, problem: Problem): void {
  if (problem.status === 503) response.set('Retry-After', String(retryAfter));
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/**
 * The last handler: whatever failed becomes a problem document. What went wrong inside goes to `log`, never to the
 * client: messages of the TPM's tools name paths and handles.
 */
export function problemHandler(log: (message: string) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error);
    if (problem.status >= 500) log(error instanceof Error ? error.message : String(error));
    sendProblem(response, problem);
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
