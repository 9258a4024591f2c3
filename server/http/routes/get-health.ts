import type { RequestHandler } from 'express';

/** `GET /healthz`: the process answers. */
export const getHealth: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};
