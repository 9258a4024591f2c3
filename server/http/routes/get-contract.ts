import type { RequestHandler } from 'express';

/** `GET /openapi.yaml`: the contract this endpoint is held to. */
export function getContract(contract: string): RequestHandler {
  return (_request, response, next) => {
    response.type('application/yaml').sendFile(contract, (error?: Error) => {
      if (error !== undefined) next(error);
    });
  };
}
