import type { RequestHandler } from 'express';
import { z } from 'zod';

import { parseBase64 } from '../../../verifier/bytes/base64.ts';
import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { nonceBytes, toEvidenceDocument } from '../../../verifier/evidence/evidence.ts';
import type { Attester } from '../../attester/attester.ts';
import { problems, sendProblem } from '../problems.ts';

const challengeShape = z.strictObject({ nonce: z.string() });

/** `POST /v1/attestations`: evidence for the challenge's nonce. */
export function createAttestation(attester: Attester): RequestHandler {
  return async (request, response) => {
    const nonce = parseNonce(request.body);
    if (nonce instanceof Malformed) {
      sendProblem(response, problems.badRequest(nonce.message));
      return;
    }
    response.json(toEvidenceDocument(await attester.attest(nonce)));
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
