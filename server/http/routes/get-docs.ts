import type { RequestHandler } from 'express';

import { contractPage } from '../contract-page/page.ts';

/** `GET /docs`: the contract as a page for people, made of its text once, at the start. @throws Malformed */
export function getDocs(contract: string): RequestHandler {
  const { text, contentSecurityPolicy } = contractPage(contract);
  return (_request, response) => {
    response.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(text);
  };
}
