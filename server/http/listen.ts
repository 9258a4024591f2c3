import { createServer, type RequestListener, type Server as PlainServer } from 'node:http';
import { Server as TlsServer } from 'node:https';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { followConnections } from './follow-connections.ts';
import { type Address, checkExposure } from './listen-address.ts';
import type { TlsMaterial } from './tls-material.ts';
import { createTlsServer, handshakeMs, replaceTlsMaterial } from './tls-server.ts';

export type Server = PlainServer | TlsServer;

/** An address, or a socket that listens already, by the number of its descriptor. */
export type Place = Address | { readonly fd: number };

/** A server that listens. */
export interface Listening {
  readonly server: Server;
  /**
   * Serves new connections with other certificates. What is being answered is answered to its end, by the key that its
   * connection began with, and then that is closed: whoever the new authorities do not vouch for is out then. Null where
   * plain HTTP is served.
   */
  readonly renew: ((material: TlsMaterial) => void) | null;
  /** Takes no more connections, lets what is being answered be answered, and is done when all are gone. */
  readonly close: () => Promise<void>;
}

const limits = {
  ...{ maxHeaderSize: 8192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
  // How often the two times above are looked at; Node's 30 s would let a slow client stay that long.
  connectionsCheckingInterval: 1_000,
  // The application says what is wrong with a request without one.
  requireHostHeader: false,
};

/** A connection on which nothing moves is closed after this; a challenge waits for the TPM for half of it at most. */
const inactivityMs = 30_000;

/**
 * Serves `listener` with bounds on everything a client decides: connections, header size, and the time it may take to
 * shake hands, to send a request, and to read the answer.
 *
 * @param tls null serves plain HTTP.
 * @throws CouldNotDecide if the place cannot be had, or is a socket that plain HTTP must not be served on.
 */
export async function listen(
  listener: RequestListener,
  place: Place,
  tls: TlsMaterial | null = null,
): Promise<Listening> {
  const followed = followConnections(listener, tls === null ? 0 : handshakeMs);
  const server =
    tls === null ? createServer(limits, followed.listener) : createTlsServer(tls, limits, followed.listener);
  server.on(tls === null ? 'connection' : 'secureConnection', followed.established);
  server.maxConnections = 512;
  server.maxRequestsPerSocket = 1000;
  server.maxHeadersCount = 64;
  server.timeout = inactivityMs;
  await open(server, place);
  const renew = (material: TlsMaterial): void => {
    if (server instanceof TlsServer) replaceTlsMaterial(server, material);
    followed.retire();
    server.closeIdleConnections();
  };
  return {
    server,
    renew: tls === null ? null : renew,
    close: () => {
      followed.retire();
      return close(server);
    },
  };
}

async function open(server: Server, place: Place): Promise<void> {
  const name = 'fd' in place ? 'the socket from systemd' : `${place.host} port ${place.port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new CouldNotDecide(`cannot listen on ${name}: ${error.message}`));
    });
    const opened = (): void => {
      server.removeAllListeners('error');
      resolve();
    };
    if ('fd' in place) server.listen({ fd: place.fd }, opened);
    else server.listen(place.port, place.host, opened);
  });
  const address = server.address();
  const wrong =
    address === null || typeof address === 'string'
      ? 'it is not a TCP socket'
      : checkExposure(address.address, { tls: server instanceof TlsServer });
  if (wrong === null) return;
  server.close();
  throw new CouldNotDecide(`cannot listen on ${name}: ${wrong}`);
}

/** Answers that have not ended by then are cut off. */
const drainMs = 5_000;

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cutOff = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(cutOff);
}

/** The URL a listening server answers at. */
export function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return 'not listening';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${server instanceof TlsServer ? 'https' : 'http'}://${host}:${address.port}`;
}
