import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { toCredentialDocument } from '../../verifier/enrolment/activation.ts';
import type { Credential } from '../../verifier/enrolment/credential.ts';
import { askEndpoint, type ClientCredentials, type EndpointAnswer } from './endpoint-client.ts';
import { problems } from './problems.ts';

const maximumIdentityBytes = 64 * 1024;
const maximumAnswerBytes = 4096;

/**
 * Asks a host for its public keys.
 *
 * @param base where the endpoint's paths begin; its own path ends in a slash.
 * @returns the body of its answer, unparsed. @throws CouldNotDecide if it does not answer.
 */
export async function requestIdentity(base: URL, credentials: ClientCredentials | null): Promise<Uint8Array> {
  const url = new URL('v1/identity', base);
  const maximumBytes = maximumIdentityBytes;
  const answer = await askEndpoint({ url, method: 'GET', credentials, maximumBytes });
  if (answer.status === 200) return answer.body;
  throw unexpected(url, answer);
}

/**
 * Asks a host to open a credential.
 *
 * @returns the body of its answer, unparsed; null if its TPM does not open it. @throws CouldNotDecide if it does not answer.
 */
export async function requestActivation(
  base: URL,
  credential: Credential,
  credentials: ClientCredentials | null,
): Promise<Uint8Array | null> {
  const url = new URL('v1/identity/activation', base);
  const answer = await askEndpoint({
    ...{ url, method: 'POST', credentials, maximumBytes: maximumAnswerBytes },
    body: toCredentialDocument(credential),
  });
  if (answer.status === 200) return answer.body;
  if (answer.status === problems.credentialRefused.status) return null;
  throw unexpected(url, answer);
}

function unexpected({ href }: URL, { status, body }: EndpointAnswer): CouldNotDecide {
  return new CouldNotDecide(`${href} answered ${status}: ${new TextDecoder().decode(body.subarray(0, 500))}`);
}
