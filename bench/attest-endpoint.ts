import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import { type ServerRequest, type ServerUse, serverUseShape } from './attest-request.ts';

/** An endpoint in a process of its own. */
export interface BenchEndpoint {
  readonly url: URL;
  readonly use: () => Promise<ServerUse>;
  readonly stop: () => void;
}

/** Starts one. @throws CouldNotDecide if it does not say where it serves. */
export async function startBenchEndpoint(request: ServerRequest): Promise<BenchEndpoint> {
  const script = fileURLToPath(new URL('./attest-server.js', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', script, JSON.stringify(request)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new CouldNotDecide('the endpoint ended');
    return JSON.parse(line.value);
  };
  const said = await next();
  const url = typeof said === 'object' && said !== null && 'url' in said ? String(said.url) : '';
  return {
    url: new URL('v1/attestations', `${url}/`),
    use: async () => {
      child.stdin.write('use\n');
      return serverUseShape.parse(await next());
    },
    stop: () => void child.kill(),
  };
}
