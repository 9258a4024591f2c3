import type { X509Certificate } from 'node:crypto';
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { TLSSocket } from 'node:tls';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Hex } from '../../verifier/bytes/hex.ts';
import { describeConnectionFailure } from './connection-failure.ts';
import { publicKeySha256 } from './tls-material.ts';

/** What a client trusts and shows: PEM. */
export interface ClientCredentials {
  /** The authorities of whom the host must have its certificate; none but these. */
  readonly ca: Uint8Array;
  readonly own: { readonly certificate: Uint8Array; readonly key: Uint8Array } | null;
}

/** One request to a host's endpoint. */
export interface EndpointRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The largest answer that is read. */
  readonly maximumBytes: number;
  /** For `https:` URLs; null for `http:` ones. */
  readonly credentials: ClientCredentials | null;
}

/** What the host answered. */
export interface EndpointAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** SHA-256 of the public key that the other end of this very connection proved to own; null if there was no TLS. */
  readonly tlsKeySha256: Hex | null;
}

/** A TPM may take seconds to sign, and other challenges may be waiting before this one. */
const timeoutMs = 30_000;

/**
 * Sends one request on a connection of its own, by TLS 1.3 or, for `http:` URLs, without TLS. Redirects are answers like
 * any other: a challenge is for the host that was named.
 *
 * @throws CouldNotDecide if the host does not answer, its certificate does not fit, or it answers too much.
 */
export async function askEndpoint(asked: EndpointRequest): Promise<EndpointAnswer> {
  try {
    const response = await send(asked);
    return {
      status: response.statusCode ?? 0,
      tlsKeySha256: peerKeySha256(response),
      body: await readAll(response, asked.maximumBytes),
    };
  } catch (error) {
    if (error instanceof CouldNotDecide) throw error;
    throw new CouldNotDecide(`${asked.url.href} gave no answer: ${describeConnectionFailure(error)}`);
  }
}

function send({ url, method, body, credentials }: EndpointRequest): Promise<IncomingMessage> {
  const content = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const options: RequestOptions = {
    // A connection of its own, so that what is read of its peer is about this answer.
    ...{ method, agent: false, signal: AbortSignal.timeout(timeoutMs) },
    headers: {
      accept: 'application/json',
      ...(content === null ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
    },
  };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? requestTls(url, { ...options, ...tlsOptions(credentials) }, resolve)
        : requestPlain(url, options, resolve);
    request.once('error', reject);
    request.end(content);
  });
}

function tlsOptions(credentials: ClientCredentials | null) {
  if (credentials === null) throw new CouldNotDecide('no authority is known for the certificate of the host');
  const { ca, own } = credentials;
  return {
    ...({ ca: Buffer.from(ca), minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const),
    ...(own === null ? {} : { cert: Buffer.from(own.certificate), key: Buffer.from(own.key) }),
    // Said, since Node's default can be changed from the environment.
    rejectUnauthorized: true,
  };
}

function peerKeySha256({ socket }: IncomingMessage): Hex | null {
  if (!(socket instanceof TLSSocket)) return null;
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  if (certificate === undefined)
    throw new CouldNotDecide('the connection was closed before its key was known');
  return publicKeySha256(certificate);
}

async function readAll(response: IncomingMessage, maximumBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > maximumBytes) throw new CouldNotDecide(`the answer is larger than ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
