import { type Server as PlainServer, STATUS_CODES } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { createClientRate } from './client-rate.ts';
import { describeConnectionFailure } from './connection-failure.ts';
import type { Log } from '../os/structured-log.ts';
import { type Problem, problems } from './problems.ts';

/** What the HTTP parser says, by its code; anything else is a bad request. */
const answers: ReadonlyMap<string, Problem> = new Map([
  ['HPE_HEADER_OVERFLOW', problems.headersTooLarge],
  ['ERR_HTTP_REQUEST_TIMEOUT', problems.requestTimeout],
]);

/** Anybody at all can fail to shake hands, and must not be able to fill the journal with it; each one is counted. */
const saying = { burst: 20, perSecond: 0.2 };

/**
 * Answers what is not HTTP, or too slow, or too large, with a problem document, and ends the connection; tells of
 * handshakes that came to nothing.
 *
 * @param refused hears of each handshake that failed.
 */
export function handleBadConnections(server: PlainServer | TlsServer, log: Log, refused: () => void): void {
  server.on('clientError', (error: Error, socket: Duplex) => {
    const code = 'code' in error ? String(error.code) : '';
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(rawAnswer(answers.get(code) ?? problems.badRequest('it is not HTTP/1.1')));
  });
  // An expectation that nobody knows may be disregarded (RFC 9110 section 10.1.1); Node would answer it without a problem document.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  const maySay = createClientRate(saying);
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    refused();
    if (!maySay('')) return;
    // OpenSSL's word on the client's certificate, where there was one. Its type leaves out that it may be null.
    const why: unknown = socket.authorizationError;
    const reason = typeof why === 'string' ? why : describeConnectionFailure(error);
    log('TLS handshake failed', { level: 'warn', address: socket.remoteAddress ?? null, reason });
  });
}

function rawAnswer(problem: Problem): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
