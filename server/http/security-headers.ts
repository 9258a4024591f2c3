import type { RequestHandler } from 'express';
import { TLSSocket } from 'node:tls';

/** What every answer carries: browsers are to do nothing with it, and nobody is to keep it. */
const always = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const overTls = { 'Strict-Transport-Security': 'max-age=31536000' };

/** Sets the headers that browsers heed, should one ever come here. */
export const securityHeaders: RequestHandler = (request, response, next) => {
  response.set(always);
  if (request.socket instanceof TLSSocket) response.set(overTls);
  next();
};
