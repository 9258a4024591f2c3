import { chaseInRoot } from '../os/chase.ts';
import { entryExists } from '../os/directory.ts';
import { run } from '../os/run.ts';

/** systemd's own sign that it is running (sd_booted(3)). */
const runningSign = '/run/systemd/system';

const timeoutMs = 120_000;

/** Whether the root is that of this system, and systemd runs it: only then is there anything to tell it. */
export async function isLive(root: string): Promise<boolean> {
  return (await chaseInRoot(root, '/')) === '/' && (await entryExists(runningSign));
}

/** Has systemd read its units again, which starts and stops nothing. @throws CouldNotDecide if it does not. */
export async function reloadUnits(): Promise<void> {
  await run('systemctl', ['daemon-reload'], { timeoutMs });
}

/** Stops a unit, if it runs, before its file goes. @throws CouldNotDecide if it does not stop. */
export async function stopUnit(unit: string): Promise<void> {
  await run('systemctl', ['stop', unit], { timeoutMs });
}
