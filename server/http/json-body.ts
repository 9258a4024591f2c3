import express, { type RequestHandler } from 'express';

import { problems, sendProblem } from './problems.ts';

/** The largest request body that is read; a challenge has under 200 bytes. */
const maximumBodyBytes = 4096;

// Other encodings would be decoded too, UTF-7 among them, and a filter before the endpoint would have read something else.
const utf8Only: RequestHandler = (request, response, next) => {
  const type = request.headers['content-type'] ?? '';
  const [, charset = 'utf-8'] = /charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? [];
  if (charset.toLowerCase() === 'utf-8') next();
  else sendProblem(response, problems.unsupportedMediaType);
};

/** Reads a body of JSON (RFC 8259) in UTF-8; not a compressed one, since what that becomes is not bounded by what was sent. */
export const jsonBody: readonly RequestHandler[] = [
  utf8Only,
  express.json({ limit: maximumBodyBytes, strict: true, inflate: false }),
];
