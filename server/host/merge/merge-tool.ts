import { faultPoint } from '#fault-point';

import type { ExtensionClass } from '../../../verifier/image-verdict.ts';
import { run } from '../../os/run.ts';
import { capabilities, mergeEnvironment } from '../systemd/capabilities.ts';

/** systemd's tool that merges one class, as far as it is used. */
export interface MergeTool {
  /**
   * Merges what the search directories have now, in place of what is merged.
   *
   * @param imagePolicy what may be merged at all (systemd.image-policy(7)); null leaves it to systemd.
   * @throws CouldNotDecide if it fails. It may have merged all the same: it fails, too, if it cannot reload the manager.
   */
  readonly refresh: (imagePolicy: string | null) => Promise<void>;
  /** @throws CouldNotDecide */
  readonly unmerge: () => Promise<void>;
}

const tools = { sysext: 'systemd-sysext', confext: 'systemd-confext' } as const;

/** How the tool is started. */
export interface MergeProgram {
  readonly path: string;
  /** It reads only what it mounts; that takes long on an emulated processor alone. */
  readonly timeoutMs: number;
}

const timeoutMs = 5 * 60 * 1000;

/**
 * systemd-sysext(8) or systemd-confext(8), called with what keeps its merges apart and read-only.
 *
 * @param version of systemd, for what it knows.
 * @param program what is started in its place, for tests.
 */
export function systemdMergeTool(
  root: string,
  extensionClass: ExtensionClass,
  version: number,
  program: MergeProgram = { path: tools[extensionClass], timeoutMs },
): MergeTool {
  const can = capabilities(version);
  const below = root === '/' ? [] : [`--root=${root}`];
  const call = async (args: readonly string[]): Promise<void> => {
    faultPoint(args[0] ?? '');
    // It mounts in a child of its own, which must not go on once nobody will look at what came of it.
    await run(program.path, [...args, ...below], {
      ...{ timeoutMs: program.timeoutMs, env: mergeEnvironment, ownGroup: true },
    });
  };
  return {
    refresh: (imagePolicy) => {
      const policy = imagePolicy === null || !can.imagePolicySwitch ? [] : [`--image-policy=${imagePolicy}`];
      // What is in /var/lib/extensions.mutable would be merged, and nobody has looked at it.
      return call(['refresh', ...policy, ...(can.mutable ? ['--mutable=no'] : [])]);
    },
    unmerge: () => call(['unmerge']),
  };
}
