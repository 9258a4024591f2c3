import type { RequestHandler } from 'express';
import { z } from 'zod';

import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { nonceBytes } from '../../../verifier/evidence/binding.ts';
import type { Attester } from '../../attester/attester.ts';
import type { LogSelection } from '../../attester/select-logs.ts';
import { clientName } from '../client-name.ts';
import { evidenceBody } from '../evidence-body.ts';
import { problems, sendProblem } from '../problems.ts';
import { servingKeySha256 } from '../tls-server.ts';

const challengeShape = z.strictObject({
  nonce: z.string(),
  logs: z
    .strictObject({
      knownFirmware: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
      from: z.int().min(0).max(0x7fff_ffff).optional(),
    })
    .optional(),
});

/**
 * `POST /v1/attestations`: evidence for the challenge's nonce, without the logs that the verifier has.
 *
 * @param mayAsk whether a client, named by its certificate, may ask now. Without TLS any process of this host could be
 *   the client, or a proxy for many, so there is nobody to count.
 */
export function createAttestation(attester: Attester, mayAsk: (client: string) => boolean): RequestHandler {
  return async (request, response) => {
    const asked = parseChallenge(request.body);
    if (asked instanceof Malformed) {
      sendProblem(response, problems.badRequest(asked.message));
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
    const from = { tlsKeySha256: servingKeySha256(request.socket), signal: gone.signal };
    const body = evidenceBody(await attester.attest(asked.nonce, from), asked.logs);
    const length = body.reduce((sum, { length: bytes }) => sum + bytes, 0);
    response.type('application/json').set('Content-Length', String(length));
    response.cork();
    for (const part of body) response.write(part);
    response.end();
  };
}

interface Asked {
  readonly nonce: Uint8Array;
  readonly logs: LogSelection;
}

function parseChallenge(body: unknown): Asked | Malformed {
  try {
    const { nonce, logs } = parseShape(challengeShape, body, 'body');
    const bytes = parseBase64(nonce, 'body.nonce', nonceBytes.maximum);
    if (bytes.length < nonceBytes.minimum) return new Malformed('body.nonce', 'is too short');
    return { nonce: bytes, logs: { knownFirmware: logs?.knownFirmware ?? null, from: logs?.from ?? 0 } };
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
