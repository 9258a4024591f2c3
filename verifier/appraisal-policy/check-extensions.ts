import type { MeasuredSet } from '../measurement/extension-history.ts';
import { isInRange } from '../policy/version-range.ts';
import { type Objection, unknown } from './objection.ts';
import type { ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

/** The sets that may be in use. */
function inUse({ sets }: ProvedHost): readonly MeasuredSet[] {
  return [...sets.values()].filter(({ state }) => state !== 'unmerged');
}

/** Checks by which policy the host's own gate went. */
export function checkExtensionPolicy(
  { extensionPolicy: wanted }: Requirement,
  host: ProvedHost,
): Objection[] {
  if (wanted === undefined) return [];
  // Of sets that are gone only where nothing else is left to tell.
  const sets = inUse(host).length > 0 ? inUse(host) : [...host.sets.values()];
  if (sets.length === 0)
    return [unknown(['extensionPolicy'], 'The host measured no set, and so no policy either.')];
  const { name, version, sha256 } = wanted;
  return sets.flatMap(({ class: extensionClass, policy }): Objection[] => {
    const refuse = (key: string, found: string): Objection[] => [
      {
        code: 'policy-not-allowed',
        message: `The ${extensionClass} set was approved by ${found}.`,
        path: ['extensionPolicy', key],
      },
    ];
    if (name !== undefined && policy.name !== name)
      return refuse('name', `the policy ${JSON.stringify(policy.name)}, not ${JSON.stringify(name)}`);
    if (version !== undefined && !isInRange(version, policy.version))
      return refuse('version', `version ${policy.version} of the policy, which is not ${version.text}`);
    if (sha256 !== undefined && !sha256.has(policy.sha256))
      return refuse('sha256', `a policy with the SHA-256 ${policy.sha256}, which is not listed`);
    return [];
  });
}

/** Checks that extensions are in use which the host must not do without. */
export function checkRequiredExtensions({ extensions = [] }: Requirement, host: ProvedHost): Objection[] {
  return extensions.flatMap(({ class: wanted, name, version }, index): Objection[] => {
    const refuse = (message: string): Objection[] => [
      { code: 'extension-missing', message, path: ['extensions', index] },
    ];
    const set = inUse(host).find((one) => one.class === wanted);
    const found = set?.extensions.find((extension) => extension.name === name);
    if (found === undefined) return refuse(`The ${wanted} ${name} is not in use.`);
    if (version === undefined || isInRange(version, found.version)) return [];
    return refuse(
      `The ${wanted} ${name} in use is ${found.version || 'of no version'}, not ${version.text}.`,
    );
  });
}

/** Checks that what was approved is known to be what was mounted. */
export function checkMerged({ merged }: Requirement, host: ProvedHost): Objection[] {
  if (merged === undefined) return [];
  return inUse(host)
    .filter(({ state }) => state !== 'merged')
    .map(({ class: extensionClass }) => ({
      code: 'merge-unconfirmed',
      message: `The ${extensionClass} set was approved, and no merge of it was confirmed.`,
      path: ['merged'],
    }));
}

/** Checks that nobody can write into what was merged. */
export function checkImmutable({ immutable }: Requirement, { mutable }: ProvedHost): Objection[] {
  if (immutable === undefined || mutable === false) return [];
  const path = ['immutable'];
  if (mutable === null)
    return [unknown(path, 'The host does not say whether merged hierarchies are mutable.')];
  return [{ code: 'hierarchy-mutable', message: 'A merged hierarchy is mutable.', path }];
}
