import type { RequestHandler } from 'express';
import { z } from 'zod';

import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { nonceBytes } from '../../../verifier/evidence/evidence.ts';
import type { Attester } from '../../attester/attester.ts';
import { clientName } from '../client-name.ts';
import { evidenceBody } from '../evidence-body.ts';
import { problems, sendProblem } from '../problems.ts';
import { servingKeySha256 } from '../tls-server.ts';

const challengeShape = z.strictObject({ nonce: z.string() });

/**
 * `POST /v1/attestations`: evidence for the challenge's nonce.
 *
 * @param mayAsk whether a client, named by its certificate, may ask now. Without TLS any process of this host could be
 *   the client, or a proxy for many, so there is nobody to count.
 */
export function createAttestation(attester: Attester, mayAsk: (client: string) => boolean): RequestHandler {
  return async (request, response) => {
    const nonce = parseNonce(request.body);
    if (nonce instanceof Malformed) {
      sendProblem(response, problems.badRequest(nonce.message));
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
    const asked = { tlsKeySha256: servingKeySha256(request.socket), signal: gone.signal };
    const body = evidenceBody(await attester.attest(nonce, asked));
    const length = body.reduce((sum, { length: bytes }) => sum + bytes, 0);
    response.type('application/json').set('Content-Length', String(length));
    response.cork();
    for (const part of body) response.write(part);
    response.end();
  };
}

function parseNonce(body: unknown): Uint8Array | Malformed {
  try {
    const { nonce } = parseShape(challengeShape, body, 'body');
    const bytes = parseBase64(nonce, 'body.nonce', nonceBytes.maximum);
    return bytes.length < nonceBytes.minimum ? new Malformed('body.nonce', 'is too short') : bytes;
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
