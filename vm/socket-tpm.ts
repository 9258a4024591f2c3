import { setTimeout as sleep } from 'node:timers/promises';

import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import type { ChildService } from '../server/os/child-service.ts';
import { entryExists } from '../server/os/directory.ts';
import { startBound } from './qemu.ts';

const startDeadlineMs = 10_000;

/**
 * Starts a swtpm(8) for QEMU, without keys or memory, that is driven over the unix socket `control`. It is reset whenever
 * the machine is. `state` is an existing directory; both are absolute paths.
 *
 * @throws CouldNotDecide if it does not start.
 */
export async function startSocketTpm(state: string, control: string): Promise<ChildService> {
  if (`${state}${control}`.includes(','))
    throw new CouldNotDecide(`swtpm takes no paths with a comma in them: ${state}`);
  const service = startBound('swtpm', [
    ...['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${control}`],
  ]);
  const deadline = performance.now() + startDeadlineMs;
  while (!(await entryExists(control))) {
    const ended = service.ended();
    if (ended !== null) throw new CouldNotDecide(`swtpm did not start: ${ended}`);
    if (performance.now() > deadline) {
      await service.stop();
      throw new CouldNotDecide('swtpm did not start in time');
    }
    await sleep(10);
  }
  return service;
}
