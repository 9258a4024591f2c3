import { createServer, type Server } from 'node:net';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

const attempts = 50;

/**
 * A port P of 127.0.0.1 such that P and P + 1 are free at this moment. Somebody else can take them before they are used;
 * the caller sees that when its own server fails to bind, and asks again.
 *
 * @throws CouldNotDecide if no two neighbours are free.
 */
export async function freePortPair(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = await listenOn(0);
    const port = first === null ? 0 : portOf(first);
    const second = port > 0 && port < 65535 ? await listenOn(port + 1) : null;
    await Promise.all([close(first), close(second)]);
    if (second !== null) return port;
  }
  throw new CouldNotDecide('there are no two free neighbouring ports on the loopback interface');
}

function listenOn(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(null);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      resolve(server);
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

function close(server: Server | null): Promise<void> {
  return new Promise((resolve) => {
    if (server === null) resolve();
    else server.close(() => resolve());
  });
}
