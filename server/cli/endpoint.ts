import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';

import { createAttester } from '../attester/attester.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { createApp } from '../http/app.ts';
import { type Address, listen } from '../http/listen.ts';
import type { TpmDevice } from '../tpm-device/device.ts';

export interface EndpointOptions {
  readonly root: string;
  readonly device: TpmDevice;
  readonly address: Address;
  /** The PCR with the extension events. */
  readonly measurePcr: number;
  readonly log: (message: string) => void;
}

/** A running attestation endpoint. */
export interface Endpoint {
  readonly server: Server;
  readonly identity: HostIdentity;
  /** Stops taking connections, lets running requests end, then closes. */
  readonly stop: () => Promise<void>;
}

// From dist/server/cli/ as compiled.
const contract = fileURLToPath(new URL('../../../openapi.yaml', import.meta.url));

/** Makes or finds the host's keys, then serves the attestation endpoint. @throws CouldNotDecide */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { root, device, measurePcr, log } = options;
  const identity = await ensureIdentity(root, device);
  const attester = createAttester({ root, device, measurePcr, ...identity });
  const server = await listen(
    createApp({ attester, contract, validateResponses: false, log }),
    options.address,
  );
  return { server, identity, stop: () => close(server) };
}

/** Requests that have not ended by then are cut off. */
const drainMs = 5_000;

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cutOff = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(cutOff);
}
