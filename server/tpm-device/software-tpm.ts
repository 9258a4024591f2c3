import { isAbsolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { type ChildService, startService } from '../os/child-service.ts';
import { entryExists } from '../os/directory.ts';
import { freePortPair } from '../os/loopback-ports.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../os/private-directory.ts';
import { openTpm } from './tpm2-tools.ts';

/** A software TPM that is running. It proves nothing about the machine it runs on: for tests and demonstrations. */
export interface SoftwareTpm {
  /** For `openTpm`. */
  readonly tcti: string;
  readonly pid: number;
  /** Stops it and removes the state that was not asked to be kept. Done when it is gone; harmless when called again. */
  readonly stop: () => Promise<void>;
}

export interface SoftwareTpmOptions {
  /** An existing directory, by absolute path, that keeps keys and NV memory; a temporary one if not given. */
  readonly stateDirectory?: string;
}

const attempts = 5;
const startDeadlineMs = 10_000;

/**
 * Starts swtpm(8) on two free ports of the loopback interface, started up as after a reset: PCRs are zero, what is
 * persistent is as `stateDirectory` has it.
 *
 * @throws CouldNotDecide if it is not installed or does not answer.
 */
export async function startSoftwareTpm({ stateDirectory }: SoftwareTpmOptions = {}): Promise<SoftwareTpm> {
  const scratch = await makeTemporaryDirectory();
  try {
    checkDirectory(stateDirectory ?? scratch);
    return await startOnFreePorts(stateDirectory ?? scratch, scratch);
  } catch (error) {
    await removeTemporaryDirectory(scratch);
    throw error;
  }
}

// swtpm takes its options separated by commas, so one in a path would begin another option.
function checkDirectory(path: string): void {
  if (!isAbsolute(path) || path.includes(','))
    throw new CouldNotDecide(`swtpm cannot keep its state in "${path}"`);
}

async function startOnFreePorts(stateDirectory: string, scratch: string): Promise<SoftwareTpm> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePortPair();
    const pidFile = `${scratch}/pid-${attempt}`;
    const service = startService('swtpm', swtpmArguments(stateDirectory, port, pidFile));
    try {
      await untilBound(service, pidFile);
    } catch (error) {
      await service.stop();
      // Somebody took one of the ports between our look and swtpm's bind.
      if (attempt < attempts && /address already in use/i.test(service.ended() ?? '')) continue;
      throw error;
    }
    return untilAnswering(service, port, scratch);
  }
}

function swtpmArguments(stateDirectory: string, port: number, pidFile: string): string[] {
  return [
    ...['socket', '--tpm2', '--tpmstate', `dir=${stateDirectory}`],
    ...['--server', `type=tcp,port=${port},bindaddr=127.0.0.1`],
    ...['--ctrl', `type=tcp,port=${port + 1},bindaddr=127.0.0.1`],
    ...['--flags', 'not-need-init,startup-clear', '--pid', `file=${pidFile}`],
  ];
}

// swtpm writes its pid file once it has both ports. To ask the port instead could be to ask another program's TPM, and
// to take its answers for ours.
async function untilBound(service: ChildService, pidFile: string): Promise<void> {
  const deadline = performance.now() + startDeadlineMs;
  while (!(await entryExists(pidFile))) {
    const ended = service.ended();
    if (ended !== null) throw new CouldNotDecide(`swtpm did not start: ${ended}`);
    if (performance.now() > deadline) throw new CouldNotDecide('swtpm did not start in time');
    await sleep(5);
  }
}

// It opens its state after it has written the pid file, so it can still end.
async function untilAnswering(service: ChildService, port: number, scratch: string): Promise<SoftwareTpm> {
  const tcti = `swtpm:host=127.0.0.1,port=${port}`;
  const stop = async (): Promise<void> => {
    await service.stop();
    await removeTemporaryDirectory(scratch);
  };
  try {
    await openTpm({ tcti, timeoutMs: startDeadlineMs }).activeBanks();
  } catch (error) {
    const said = service.ended() ?? (error instanceof Error ? error.message : String(error));
    await stop();
    throw new CouldNotDecide(`swtpm did not start: ${said}`);
  }
  return { tcti, pid: service.pid, stop };
}
