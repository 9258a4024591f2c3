import { compileEnforcement } from '../../verifier/authoring/compile.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { marked, type PackagedFile } from './written-file.ts';

/** The first systemd that has the image policy as a setting; an older one would be said to ignore the file. */
const firstWithSettings = 259;

/** Drop-ins of the units whose commands Touchstone takes the place of: it gives the option by itself. */
const replaced = /\/systemd-(?:sysext|confext)\.service\.d\//;

export interface ImagePolicies {
  readonly files: readonly PackagedFile[];
  /** What they are looser or tighter in than the policy, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * What `touchstone policy compile` writes for the host itself: the second line behind the gate, for merges that it is not asked
 * about.
 *
 * @param systemd the host's major version; null if unknown.
 */
export function imagePolicies(policy: Policy, systemd: number | null): ImagePolicies {
  const { files, warnings } = compileEnforcement({ policy, systemd: null, approvals: [], events: [] });
  const generation = systemd !== null && systemd < firstWithSettings ? 'systemd-254' : 'systemd-259';
  return {
    files: files
      .filter(({ path }) => path.startsWith(`${generation}/etc/`) && !replaced.test(path))
      .map(({ path, content }) => ({ path: path.slice(generation.length), content: marked(content) })),
    warnings,
  };
}

/** Where they can be, for any version of systemd. */
export const imagePolicyPaths: readonly string[] = [
  '/etc/systemd/sysext.conf.d/80-touchstone.conf',
  '/etc/systemd/confext.conf.d/80-touchstone.conf',
  '/etc/systemd/system/systemd-sysext@.service.d/40-touchstone.conf',
  '/etc/systemd/system/systemd-sysupdate-notify-sysext@.service.d/40-touchstone.conf',
];
