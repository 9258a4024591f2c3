import type { BootLogPlace } from '../host/boot-log.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import type { HostIdentity } from './identity.ts';
import type { observeMerged } from './observe-merged.ts';

/** What an attester speaks for. */
export interface AttesterOptions extends HostIdentity {
  /** A whole host under a directory; `/` for this host. */
  readonly root: string;
  readonly device: TpmDevice;
  /** The PCR with the extension events. */
  readonly measurePcr: number;
  /** What is quoted besides; `defaultQuotedPcrs` if not given. */
  readonly quotedPcrs?: readonly number[];
  /** Where the kernel shows it, if not given. */
  readonly firmwareLog?: BootLogPlace;
  /** Tells what is merged; `observeMerged` of the root if not given. */
  readonly observe?: () => ReturnType<typeof observeMerged>;
}

/** The firmware's PCRs, those of the boot and of the system's identity; 8 to 10 change while the system runs, without a log here. */
export const defaultQuotedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
