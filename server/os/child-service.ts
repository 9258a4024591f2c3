import { execa, ExecaError } from 'execa';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { cleanEnvironment, debianPackage } from './run.ts';

/** A tool that runs until it is stopped. */
export interface ChildService {
  readonly pid: number;
  /** Null while it runs; then how it ended, with what it last said. */
  readonly ended: () => string | null;
  /** Ends it: SIGTERM, and SIGKILL after 2 seconds. Done when it is gone; harmless when it is gone already. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a tool without a shell, as `run` does. It is killed when this process exits, and when a signal that Node can
 * see ends this process; only SIGKILL leaves it behind.
 *
 * @throws CouldNotDecide if it cannot be started.
 */
export function startService(tool: string, args: readonly string[]): ChildService {
  const child = execa(tool, args, {
    env: cleanEnvironment,
    extendEnv: false,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    buffer: false,
    forceKillAfterDelay: 2000,
    cleanup: true,
  });
  let said = '';
  let ended: string | null = null;
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('latin1')).slice(-500);
  });
  const gone = child.then(
    () => {
      ended = 'it ended by itself';
    },
    (error: unknown) => {
      ended = `${error instanceof ExecaError ? error.shortMessage : String(error)} ${said}`
        .replaceAll(/\p{C}+/gu, ' ')
        .trim();
    },
  );
  if (child.pid === undefined) {
    throw new CouldNotDecide(
      `${tool} cannot be started; is the package ${debianPackage(tool) ?? tool} installed?`,
    );
  }
  return {
    pid: child.pid,
    ended: () => ended,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}
