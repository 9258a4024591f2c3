import type { ClientCredentials } from '../http/endpoint-client.ts';
import { parseChain, parseKey } from '../http/tls-material.ts';
import { readGuarded } from '../os/guarded-file.ts';
import { readUserFile } from './decision-policy.ts';
import { UsageError } from './output.ts';

/** The options of commands that ask an endpoint. */
export interface CredentialOptions {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

const maximumKeyBytes = 64 * 1024;

/**
 * What a client needs to speak TLS with a host.
 *
 * @returns null for an `http:` URL.
 * @throws UsageError if the options do not fit the URL or one another. @throws Malformed @throws CouldNotDecide
 */
export async function readCredentials(
  { protocol }: URL,
  { ca, certificate, key }: CredentialOptions,
): Promise<ClientCredentials | null> {
  if (protocol === 'http:') {
    if (ca !== undefined || certificate !== undefined || key !== undefined)
      throw new UsageError('--ca, --certificate and --key are for https URLs');
    return null;
  }
  // Every authority that browsers trust could otherwise stand in for the host's own.
  if (ca === undefined)
    throw new UsageError('an https URL needs --ca FILE: who issues the certificates of hosts');
  if ((certificate === undefined) !== (key === undefined))
    throw new UsageError('--certificate FILE and --key FILE go together');
  const authorities = await readUserFile(ca);
  parseChain(authorities, ca);
  return { ca: authorities, own: await readOwn(certificate, key) };
}

async function readOwn(certificate: string | undefined, key: string | undefined) {
  if (certificate === undefined || key === undefined) return null;
  const own = {
    certificate: await readUserFile(certificate),
    key: await readGuarded(key, 'secret', maximumKeyBytes),
  };
  const [leaf] = parseChain(own.certificate, certificate);
  if (!leaf.checkPrivateKey(parseKey(own.key, key)))
    throw new UsageError(`${key} is not the key of the certificate in ${certificate}`);
  return own;
}
