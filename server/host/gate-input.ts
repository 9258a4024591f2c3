import type { Policy } from '../../verifier/policy/policy.ts';
import type { ExtendedHost, ExtensionClass } from '../../verifier/image-verdict.ts';
import type { TpmDevice } from '../tpm-device/device.ts';

/** What the gate works on. */
export interface GateInput {
  /** A whole host under a directory; `/` for this host. */
  readonly root: string;
  readonly classes: readonly ExtensionClass[];
  readonly policy: Policy;
  readonly device: TpmDevice;
  /** Recompute every hash tree; otherwise the kernel checks blocks as they are read. */
  readonly full: boolean;
  /** What images must fit by their release data. */
  readonly host: ExtendedHost;
  /** The time at which certificates must be valid. */
  readonly now: Date;
}
