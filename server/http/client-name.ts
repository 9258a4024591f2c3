import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Who asks, as logs and rate limits name it. */
export interface ClientName {
  /** SHA-256 of the client's certificate, 64 hexadecimal digits; null without TLS: any process of this host could ask. */
  readonly certificate: string | null;
  /** Address of the other end; empty if the connection is gone. */
  readonly address: string;
}

/** The client at the other end of a connection. */
export function clientName(socket: Socket): ClientName {
  const address = socket.remoteAddress ?? '';
  if (!(socket instanceof TLSSocket)) return { certificate: null, address };
  const known = fingerprints.get(socket);
  if (known !== undefined) return { certificate: known, address };
  const fingerprint = (socket.getPeerX509Certificate()?.fingerprint256 ?? '')
    .replaceAll(':', '')
    .toLowerCase();
  fingerprints.set(socket, fingerprint);
  return { certificate: fingerprint, address };
}

const fingerprints = new WeakMap<TLSSocket, string>();
