import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A call as a Varlink service gets it. */
export interface Call {
  readonly method: string;
  readonly parameters: Record<string, unknown>;
}

/** Answers a call by what is written to the socket, or does not. */
export type Serve = (call: Call, socket: Socket) => void | Promise<void>;

/** A Varlink service on a socket of its own, as good or bad as `serve` makes it. */
export class FakeVarlink {
  readonly directory = mkdtempSync(join(tmpdir(), 'touchstone-varlink-'));
  readonly path = join(this.directory, 'socket');
  readonly calls: Call[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(serve: Serve, onConnection: (socket: Socket) => void = () => undefined) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('utf8');
        const messages = text.split('\0');
        text = messages.pop() ?? '';
        for (const message of messages) {
          const call: Call = JSON.parse(message);
          this.calls.push(call);
          void serve(call, socket);
        }
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(this.path, done));
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
    rmSync(this.directory, { recursive: true });
  }
}

/** One answer as a good service writes it. */
export function answer(value: object): string {
  return `${JSON.stringify(value)}\0`;
}
