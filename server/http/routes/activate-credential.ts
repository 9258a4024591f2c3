import type { RequestHandler } from 'express';

import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseCredential, toActivationDocument } from '../../../verifier/enrolment/activation.ts';
import type { Credential } from '../../../verifier/enrolment/credential.ts';
import type { Attester } from '../../attester/attester.ts';
import { clientName } from '../client-name.ts';
import { problems, sendProblem } from '../problems.ts';

/**
 * `POST /v1/identity/activation`: the secret in a credential for this host's keys.
 *
 * @param mayAsk whether a client, named by its certificate, may ask now.
 */
export function activateCredential(attester: Attester, mayAsk: (client: string) => boolean): RequestHandler {
  return async (request, response) => {
    const credential = parse(request.body);
    if (credential instanceof Malformed) {
      sendProblem(response, problems.badRequest(credential.message));
      return;
    }
    const { certificate } = clientName(request.socket);
    if (certificate !== null && !mayAsk(certificate)) {
      sendProblem(response, problems.tooManyRequests);
      return;
    }
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    const secret = await attester.activate(credential, gone.signal);
    if (secret === null) sendProblem(response, problems.credentialRefused);
    else response.json(toActivationDocument(secret));
  };
}

function parse(body: unknown): Credential | Malformed {
  try {
    return parseCredential(body);
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
