import type { Policy } from '../../verifier/policy/policy.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import type { HostKnowledge } from './host-knowledge.ts';

/** What the gate works on. */
export interface GateInput {
  /** A whole host under a directory; `/` for this host. */
  readonly root: string;
  readonly classes: readonly ExtensionClass[];
  readonly policy: Policy;
  /** Null: the host has none, and the policy says that what is approved is merged all the same. */
  readonly device: TpmDevice | null;
  /** Recompute every hash tree; otherwise the kernel checks blocks as they are read. */
  readonly full: boolean;
  readonly knowledge: HostKnowledge;
  /** The time at which certificates must be valid and rules in force. */
  readonly now: Date;
}
