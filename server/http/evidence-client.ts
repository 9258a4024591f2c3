import { toBase64 } from '../../verifier/bytes/base64.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { maximumEvidenceBytes } from '../../verifier/evidence/evidence.ts';
import { type LogSelection, wholeLogs } from '../attester/select-logs.ts';
import { askEndpoint, type ClientCredentials, type EndpointAnswer } from './endpoint-client.ts';

/** Evidence as it came, and by which connection. */
export type ReceivedEvidence = Pick<EndpointAnswer, 'tlsKeySha256'> & { readonly evidence: Uint8Array };

/**
 * Sends a challenge to a host's endpoint and returns the body of its answer, at most 48 MiB, unparsed.
 *
 * @param base where the endpoint's paths begin; its own path ends in a slash.
 * @param credentials for an `https:` URL.
 * @param logs what need not be sent; the host may send it all the same.
 * @throws CouldNotDecide if the host does not answer, or not with evidence.
 */
export async function requestEvidence(
  base: URL,
  nonce: Uint8Array,
  credentials: ClientCredentials | null,
  { knownFirmware, from }: LogSelection = wholeLogs,
): Promise<ReceivedEvidence> {
  const url = new URL('v1/attestations', base);
  const { status, body, tlsKeySha256 } = await askEndpoint({
    ...{ url, method: 'POST', credentials, maximumBytes: maximumEvidenceBytes },
    body: { nonce: toBase64(nonce), logs: { ...(knownFirmware === null ? {} : { knownFirmware }), from } },
  });
  if (status === 200) return { evidence: body, tlsKeySha256 };
  throw new CouldNotDecide(
    `${url.href} answered ${status}: ${new TextDecoder().decode(body.subarray(0, 500))}`,
  );
}
