import type { RequestHandler } from 'express';
import { readFileSync } from 'node:fs';

import { contractPage } from '../contract-page/page.ts';

/** `GET /docs`: the contract as a page for people, made of it once, at the start. @throws Malformed */
export function getDocs(contract: string): RequestHandler {
  const { text, contentSecurityPolicy } = contractPage(readFileSync(contract, 'utf8'));
  return (_request, response) => {
    response.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(text);
  };
}
