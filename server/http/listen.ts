import { createServer, type RequestListener, type Server } from 'node:http';
import { BlockList, isIP } from 'node:net';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

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
 * Parses `ADDRESS:PORT` or `[ADDRESS]:PORT`. Only loopback addresses are accepted: without TLS anybody on the way could
 * answer in the host's place. Names are refused, since what they resolve to can change.
 *
 * @returns the address, or one sentence that says what is wrong.
 */
export function parseListenAddress(text: string): Address | string {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || isIP(host) === 0) return `"${text}" is not ADDRESS:PORT with a numeric address`;
  const port = Number(match?.[3]);
  if (port > 65535) return `${port} is not a port number`;
  if (!loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')) {
    return `${host} is not a loopback address, and this version serves plain HTTP only; put a TLS proxy that asks for client certificates in front of it`;
  }
  return { host, port };
}

/**
 * Serves `listener` with bounds on everything a client decides: connections, header size, and the time it may take to
 * send a request.
 *
 * @throws CouldNotDecide if the address cannot be had.
 */
export async function listen(listener: RequestListener, address: Address): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    listener,
  );
  server.maxConnections = 256;
  server.maxRequestsPerSocket = 1000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new CouldNotDecide(`cannot listen on ${address.host} port ${address.port}: ${error.message}`));
    });
    server.listen(address.port, address.host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  return server;
}

/** The URL a listening server answers at. */
export function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return 'not listening';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
