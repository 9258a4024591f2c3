import type { TpmDevice } from '../tpm-device/device.ts';
import type { HostIdentity } from './identity.ts';

/** What an attester speaks for. */
export interface AttesterOptions extends Omit<HostIdentity, 'origin'> {
  /** A whole host under a directory; `/` for this host. */
  readonly root: string;
  readonly device: TpmDevice;
  /** The PCR with the extension events. */
  readonly measurePcr: number;
}
