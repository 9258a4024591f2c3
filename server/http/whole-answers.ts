import type { RequestHandler } from 'express';

import { problems, sendProblem } from './problems.ts';

/**
 * Every answer is made anew and given whole: conditions and ranges, which a server may disregard (RFC 9110 sections 13.1 and
 * 14.2), would have Express answer with statuses that the contract does not have.
 */
export const wholeAnswers: RequestHandler = (request, response, next) => {
  const { headers, httpVersion } = request;
  delete headers['if-none-match'];
  delete headers['if-modified-since'];
  delete headers.range;
  // Node would answer this one by itself, without a problem document (RFC 9112 section 3.2 wants a 400).
  if (headers.host === undefined && httpVersion === '1.1')
    sendProblem(response, problems.badRequest('it has no Host'));
  else next();
};
