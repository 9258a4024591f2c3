import { z } from 'zod';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtensionClass } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import type { GateInput } from '../host/gate-input.ts';
import { readHostKnowledge } from '../host/host-knowledge.ts';
import { takePolicy } from '../host/take-policy.ts';
import { chaseInRoot } from '../os/chase.ts';
import { now } from '../os/clock.ts';
import { entryExists } from '../os/directory.ts';
import { hostPath } from '../os/host-paths.ts';
import { policyPath } from '../os/own-paths.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';
import { readPolicy } from './decision-policy.ts';
import type { Output } from './output.ts';

const tpmDevices = ['/dev/tpmrm0', '/dev/tpm0'];

/** The options of commands that decide what a host merges. */
export const gateShape = z.object({
  policy: z.string().optional(),
  policyTrust: z.array(z.string()),
  class: z.enum(['sysext', 'confext']).optional(),
  root: z.string(),
  full: z.boolean().default(false),
  tcti: z.string().optional(),
  json: z.boolean().default(false),
});

export type GateOptions = z.infer<typeof gateShape>;

export function classesOf(options: Pick<GateOptions, 'class'>): readonly ExtensionClass[] {
  return options.class === undefined ? ['sysext', 'confext'] : [options.class];
}

/** Reads all that a gate goes by, but the images. @throws PolicyInvalid @throws CouldNotDecide */
export async function readGateInput(
  options: GateOptions,
  output: Output,
): Promise<Omit<GateInput, 'classes'>> {
  const path = options.policy ?? (await hostPath(options.root, policyPath));
  const policy = await readPolicy(path, options, output);
  const knowledge = await readHostKnowledge(options.root);
  takePolicy(policy, knowledge.history, options.policyTrust.length > 0);
  const device = await findTpm(options, policy);
  return { root: options.root, policy, device, full: options.full, knowledge, now: now() };
}

/** Whether the host at a root is the one that this runs on, whose TPM is at hand. */
export async function isThisSystem(root: string): Promise<boolean> {
  return (await chaseInRoot(root, '/')) === '/';
}

/**
 * A TPM that is there and does not answer is a failure later on, whatever the policy says. That of this system is not taken for
 * another root's: what was measured into it would be in a log elsewhere, and none here would explain its PCR any more.
 */
export async function findTpm(
  { root, tcti }: Pick<GateOptions, 'root' | 'tcti'>,
  policy: Pick<Policy, 'withoutTpm'>,
): Promise<TpmDevice | null> {
  const isOwn = await isThisSystem(root);
  const devices = tcti === undefined && isOwn ? tpmDevices : [];
  const found = await Promise.all(devices.map(entryExists));
  if (tcti !== undefined || found.includes(true)) return openTpm({ tcti });
  if (policy.withoutTpm === 'merge') return null;
  const why = isOwn ? 'this host has no TPM' : `nothing says which TPM the host below ${root} has`;
  throw new CouldNotDecide(
    `${why} to measure into. Name one by --tcti, or let the policy say measure: { withoutTpm: merge }`,
  );
}
