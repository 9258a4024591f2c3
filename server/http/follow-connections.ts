import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { exchangeOf } from './exchange.ts';

/** The connections of a server, so that those there are can be told to end. */
export interface FollowedConnections {
  /** To be served. */
  readonly listener: RequestListener;
  /** To be told of each connection once it can carry requests. */
  readonly established: (socket: Socket) => void;
  /**
   * Lets every connection that there is end with the answer it waits for; streams end now. Connections that were shaking
   * hands, or had asked nothing yet, may ask once. (Idle ones are the server's to close.)
   */
  readonly retire: () => void;
}

/** How long an answer may take to be made and read. A measurement log of megabytes takes a while on a slow line. */
const answerMs = 120_000;

/** @param handshakeMs how long a connection may take from its beginning until it is established. */
export function followConnections(listener: RequestListener, handshakeMs: number): FollowedConnections {
  let retiredAt = -Infinity;
  const establishedAt = new WeakMap<Socket, number>();
  const answering = new Set<ServerResponse>();
  // A handshake may have begun before that and ended after it.
  const isRetired = (socket: Socket): boolean =>
    (establishedAt.get(socket) ?? -Infinity) < retiredAt + handshakeMs;
  return {
    established: (socket) => void establishedAt.set(socket, performance.now()),
    listener: (request, response) => {
      const { socket } = request;
      if (isRetired(socket)) response.shouldKeepAlive = false;
      answering.add(response);
      // Who reads slowly holds the whole answer in our memory.
      const late = setTimeout(() => {
        if (exchangeOf(response).endStream === null) socket.destroy();
      }, answerMs);
      response.once('close', () => {
        clearTimeout(late);
        answering.delete(response);
        // Its head may have been sent before, and have promised the client that it may ask again.
        if (isRetired(socket)) socket.end();
      });
      listener(request, response);
    },
    retire: () => {
      retiredAt = performance.now();
      for (const response of answering) {
        response.shouldKeepAlive = false;
        exchangeOf(response).endStream?.();
      }
    },
  };
}
