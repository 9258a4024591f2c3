import { z } from 'zod';

import { Malformed } from '../../verifier/bytes/failures.ts';
import { parseShape } from '../../verifier/bytes/shape.ts';
import { compareVersions } from '../../verifier/image/version-order.ts';
import type { ImageName } from '../../verifier/image-verdict.ts';
import type { Policy } from '../../verifier/policy/policy.ts';

/** What a host remembers over reboots, so that nobody leads it back to what it has left behind. */
export interface History {
  /** The policy that it goes by; null: it has gone by none yet. */
  readonly policy: RememberedPolicy | null;
  /** The highest version of each extension that was accepted here. */
  readonly accepted: readonly AcceptedExtension[];
}

export interface RememberedPolicy {
  /** No policy of another name is taken, unless it says that it replaces this one. */
  readonly name: string;
  /** Nor one of this name with a lower version; 0: any is. */
  readonly minimum: number;
}

export interface AcceptedExtension extends ImageName {
  readonly version: string;
}

/** Of a host that has accepted nothing yet. */
export const emptyHistory: History = { policy: null, accepted: [] };

const shape = z.strictObject({
  format: z.literal(1),
  policy: z.strictObject({ name: z.string().min(1), minimum: z.int().min(0) }).nullable(),
  accepted: z
    .array(
      z.strictObject({
        class: z.enum(['sysext', 'confext']),
        name: z.string().min(1),
        version: z.string().min(1),
      }),
    )
    .max(100_000),
});

/** @throws Malformed if it is not a history, complete to the last byte. */
export function parseHistory(bytes: Uint8Array): History {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Malformed('history', 'is not JSON');
  }
  const { policy, accepted } = parseShape(shape, value, 'history');
  return { policy, accepted };
}

export function historyText({ policy, accepted }: History): string {
  return `${JSON.stringify({ format: 1, policy, accepted }, null, 2)}\n`;
}

/** The highest version of an extension that was accepted; null if none was. */
export function highestAccepted({ accepted }: History, name: ImageName): string | null {
  return accepted.find((one) => isSame(one, name))?.version ?? null;
}

/**
 * The history after a policy was taken and some extensions were accepted under it. Nothing in it ever becomes lower, but
 * where another policy takes the place of the last one; what has no version is not remembered.
 */
export function advanceHistory(
  history: History,
  { name, minimum }: Pick<Policy, 'name' | 'minimum'>,
  accepted: readonly AcceptedExtension[],
): History {
  const before = history.policy?.name === name ? history.policy.minimum : 0;
  return {
    policy: { name, minimum: Math.max(before, minimum ?? 0) },
    accepted: advanceAccepted(history.accepted, accepted),
  };
}

function advanceAccepted(
  before: readonly AcceptedExtension[],
  accepted: readonly AcceptedExtension[],
): AcceptedExtension[] {
  const known = [...before];
  for (const { class: extensionClass, name, version } of accepted) {
    const at = known.findIndex((one) => isSame(one, { class: extensionClass, name }));
    const highest = known[at]?.version ?? null;
    if (version === '' || (highest !== null && compareVersions(version, highest) <= 0)) continue;
    known.splice(at === -1 ? known.length : at, at === -1 ? 0 : 1, { class: extensionClass, name, version });
  }
  return known;
}

function isSame(one: ImageName, other: ImageName): boolean {
  return one.class === other.class && one.name === other.name;
}
