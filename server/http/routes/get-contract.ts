import type { RequestHandler } from 'express';

/** `GET /openapi.yaml`: the contract this endpoint is held to. @param text as it was when the endpoint started. */
export function getContract(text: string): RequestHandler {
  return (_request, response) => {
    response.type('application/yaml').send(text);
  };
}
