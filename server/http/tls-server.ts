import { constants } from 'node:crypto';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import { publicKeySha256, type TlsMaterial } from './tls-material.ts';

export const handshakeMs = 5_000;

/**
 * A server that speaks TLS 1.3 only and ends every handshake with a client that has no certificate from the given
 * authorities: what is not authenticated never reaches the HTTP parser. A client's certificate that says what it is for
 * must be for a TLS client.
 */
export function createTlsServer(
  material: TlsMaterial,
  limits: ServerOptions,
  listener: RequestListener,
): Server {
  const clients = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: handshakeMs };
  return createServer({ ...limits, ...contextOf(material), ...clients }, listener);
}

/** Makes a server shake hands with other certificates from now on. Connections that it has are as they were. */
export function replaceTlsMaterial(server: Server, material: TlsMaterial): void {
  server.setSecureContext(contextOf(material));
}

/** SHA-256 of the public key that we proved to own on this connection; null if it has no TLS. */
export function servingKeySha256(socket: Socket): Hex | null {
  if (!(socket instanceof TLSSocket)) return null;
  const known = servingKeys.get(socket);
  if (known !== undefined) return known;
  // The connection's own certificate, not the server's of this moment: they differ while certificates are renewed.
  const certificate = socket.getX509Certificate();
  if (certificate === undefined) throw new CouldNotDecide('a TLS connection is gone before it was answered');
  const sha256 = publicKeySha256(certificate);
  servingKeys.set(socket, sha256);
  return sha256;
}

const servingKeys = new WeakMap<TLSSocket, Hex>();

// All of it each time: setSecureContext() falls back to Node's defaults, TLS 1.2 among them, for what it is not given.
function contextOf({ certificate, key, clientCa }: TlsMaterial): SecureContextOptions {
  return {
    ...{ cert: certificate, key, ca: clientCa, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' },
    // No resumption: a resumed session would carry the client's authentication past the end of its certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
