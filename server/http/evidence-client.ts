import { toBase64 } from '../../verifier/bytes/base64.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { maximumEvidenceBytes } from '../../verifier/evidence/evidence.ts';

/** A TPM may take seconds to sign, and other challenges may be waiting before this one. */
const timeoutMs = 30_000;

/**
 * Sends a challenge to a host's endpoint and returns the body of its answer, at most 48 MiB, unparsed.
 *
 * @param url where the endpoint's paths begin; its own path ends in a slash.
 * @throws CouldNotDecide if the host does not answer, or not with evidence.
 */
export async function requestEvidence(url: URL, nonce: Uint8Array): Promise<Uint8Array> {
  const endpoint = new URL('v1/attestations', url);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      // A redirect would send the challenge to somebody else.
      redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ nonce: toBase64(nonce) }),
      signal,
    });
    const body = await readAll(response);
    if (response.status === 200) return body;
    throw new CouldNotDecide(
      `${endpoint.href} answered ${response.status}: ${new TextDecoder().decode(body.subarray(0, 500))}`,
    );
  } catch (error) {
    if (error instanceof CouldNotDecide) throw error;
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CouldNotDecide(`${endpoint.href} gave no answer: ${cause}`);
  }
}

async function readAll({ body }: Response): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > maximumEvidenceBytes)
      throw new CouldNotDecide(`it is larger than ${maximumEvidenceBytes} bytes`);
    chunks.push(part.value);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
