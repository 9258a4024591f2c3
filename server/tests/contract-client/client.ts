import { request } from 'node:https';
import { TLSSocket } from 'node:tls';

import { type Operations, operations } from './contract-types.ts';

/** A client of the endpoint written from openapi.yaml alone: it shares no code with the endpoint. */
export interface ContractClient {
  /** Does an operation. Whatever status the contract names is an answer; any other is an error. */
  readonly ask: <Id extends keyof Operations>(id: Id, body: Operations[Id]['body']) => Promise<AnswerOf<Id>>;
}

/** An answer, told apart by its status. */
type AnswerOf<Id extends keyof Operations> = {
  readonly [Status in keyof Operations[Id]['answers']]: {
    readonly status: Status;
    readonly body: Operations[Id]['answers'][Status];
    /** As received. */
    readonly bytes: Uint8Array;
    /** DER SubjectPublicKeyInfo of the host's certificate. */
    readonly hostKey: Uint8Array;
  };
}[keyof Operations[Id]['answers']];

/** PEM. */
export interface ClientCertificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly hostKey: Uint8Array;
}

/** @param base for example `https://host.example:7431`. */
export function createClient(base: string, credentials: ClientCertificate): ContractClient {
  return {
    ask: async (id, body) => {
      const { method, path } = operations[id];
      const { status, type, bytes, hostKey } = await send(new URL(path, base), method, body, credentials);
      const text = new TextDecoder().decode(bytes);
      const parsed: unknown = /^application\/(?:problem\+)?json/.test(type) ? JSON.parse(text) : text;
      return { status, body: parsed, bytes, hostKey } as AnswerOf<typeof id>;
    },
  };
}

function send(
  url: URL,
  method: string,
  body: object | undefined,
  { ca, certificate: cert, key }: ClientCertificate,
): Promise<RawAnswer> {
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers, ca, cert, key, minVersion: 'TLSv1.3', agent: false },
      (response) => {
        const { socket } = response;
        const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => void chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            bytes: new Uint8Array(Buffer.concat(chunks)),
            hostKey: certificate?.publicKey.export({ type: 'spki', format: 'der' }) ?? new Uint8Array(),
          });
        });
      },
    );
    asked.once('error', reject);
    asked.end(content);
  });
}
