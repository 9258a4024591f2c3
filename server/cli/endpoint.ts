import { fileURLToPath } from 'node:url';

import { createAttester } from '../attester/attester.ts';
import type { AttesterOptions } from '../attester/attester-options.ts';
import { ensureIdentity, type HostIdentity } from '../attester/identity.ts';
import { createApp } from '../http/app.ts';
import { handleBadConnections } from '../http/bad-connections.ts';
import { listen, type Place, type Server } from '../http/listen.ts';
import { createMetrics } from '../http/metrics.ts';
import { readTlsMaterial, type TlsFiles, type TlsMaterial } from '../http/tls-material.ts';
import { now } from '../os/clock.ts';
import type { Log } from '../os/structured-log.ts';
import { productVersion } from './product-version.ts';

export interface EndpointOptions extends Pick<
  AttesterOptions,
  'root' | 'device' | 'measurePcr' | 'quotedPcrs' | 'firmwareLog'
> {
  readonly address: Place;
  /** Plain HTTP is served if there are none. */
  readonly tls?: TlsFiles | null;
  readonly log: Log;
}

/** A running attestation endpoint. */
export interface Endpoint {
  readonly server: Server;
  readonly identity: HostIdentity;
  /** Reads the TLS files again. If they cannot be used, it says so to the log and goes on with those it has. */
  readonly reload: () => Promise<void>;
  /** Stops taking connections, lets running requests end, then closes. */
  readonly stop: () => Promise<void>;
}

// From dist/server/cli/ as compiled.
const contract = fileURLToPath(new URL('../../../openapi.yaml', import.meta.url));

const keyReplaced =
  'the attestation key is not the one of the last start: the TPM was cleared since, or is another; verifiers refuse this host until it is enrolled anew (touchstone enroll)';

/** Makes or finds the host's keys, then serves the attestation endpoint. @throws CouldNotDecide @throws Malformed */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { root, device, tls = null, log } = options;
  // Before the TPM makes keys: what the user can mend is said at once.
  const material = tls === null ? null : await readTlsMaterial(tls);
  const identity = await ensureIdentity(root, device);
  if (identity.origin === 'replaced') log(keyReplaced, { level: 'warn' });
  const attester = createAttester({ ...options, ...identity });
  const metrics = createMetrics(attester, productVersion());
  const app = createApp({ attester, contract, validateResponses: false, log, metrics });
  const { server, renew, close } = await listen(app, options.address, material);
  handleBadConnections(server, log, metrics.handshakeFailed);
  const serving = (current: TlsMaterial): void => {
    metrics.certificateEnds(current.validTo);
    sayTls(current, log);
  };
  if (material !== null) serving(material);
  const reload = async (): Promise<void> => {
    if (tls === null || renew === null) return;
    try {
      const next = await readTlsMaterial(tls);
      renew(next);
      serving(next);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log(`serving on with the certificates there were: ${why}`, { level: 'error' });
    }
  };
  return { server, identity, reload, stop: close };
}

// A clock that is not set yet, early in boot, is no reason to stay away: clients judge the dates by their own.
function sayTls({ keySha256, validFrom, validTo }: TlsMaterial, log: Log): void {
  const time = now();
  log(`TLS key sha256 ${keySha256}, certificate valid until ${validTo.toISOString()}`);
  if (time > validTo || time < validFrom)
    log('the TLS certificate is not valid at this time', { level: 'warn' });
}
