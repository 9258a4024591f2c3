import { BlockList, isIP } from 'node:net';

/** Where an endpoint listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const defaultAddress: Address = { host: '127.0.0.1', port: 7431 };

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Parses `ADDRESS:PORT` or `[ADDRESS]:PORT`. Names are refused, since what they resolve to can change.
 *
 * @returns the address, or one sentence that says what is wrong.
 */
export function parseListenAddress(text: string, { tls }: { readonly tls: boolean }): Address | string {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || isIP(host) === 0) return `"${text}" is not ADDRESS:PORT with a numeric address`;
  const port = Number(match?.[3]);
  if (port > 65535) return `${port} is not a port number`;
  return checkExposure(host, { tls }) ?? { host, port };
}

/**
 * Without TLS only loopback addresses are served: anybody on the way could answer in the host's place, and anybody at all
 * could make its TPM work.
 *
 * @returns one sentence that says what is wrong; null if nothing is.
 */
export function checkExposure(host: string, { tls }: { readonly tls: boolean }): string | null {
  if (tls || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')) return null;
  return `${host} is not a loopback address, and plain HTTP is served on those only; give --tls-certificate, --tls-key and --client-ca`;
}
