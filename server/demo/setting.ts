import { existsSync } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { measureLogPath } from '../os/host-paths.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../os/private-directory.ts';
import { startSoftwareTpm } from '../tpm-device/software-tpm.ts';

/** Where the demonstration takes place. */
export interface Setting {
  /** Holds the sample host and what the verifier knows of it. */
  readonly directory: string;
  readonly tcti: string;
  /** One line on what is left behind; null if nothing is. */
  readonly leftBehind: string | null;
  readonly leave: () => Promise<void>;
}

/** A software TPM and a directory, both gone afterwards. */
export async function softwareSetting(): Promise<Setting> {
  const directory = await makeTemporaryDirectory();
  const tpm = await startSoftwareTpm().catch(async (error: unknown) => {
    await removeTemporaryDirectory(directory);
    throw error;
  });
  const leave = async (): Promise<void> => {
    await tpm.stop();
    await removeTemporaryDirectory(directory);
  };
  return { directory, tcti: tpm.tcti, leftBehind: null, leave };
}

const device = '/dev/tpmrm0';

/**
 * This machine's TPM. What is measured stays in PCR 13 until the next boot, so the log that explains it must stay as well:
 * the directory is below /run, and goes with the boot. The log begins with what the system itself measured.
 */
export async function hardwareSetting(): Promise<Setting> {
  if (!existsSync(device))
    throw new CouldNotDecide(`there is no ${device}; leave --tpm away to use a software TPM`);
  return lastingSetting('/run/touchstone-demo', `device:${device}`);
}

/** A setting whose TPM outlasts it: the directory is kept for the next time. */
export async function lastingSetting(directory: string, tcti: string): Promise<Setting> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(directory);
  if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) {
    throw new CouldNotDecide(`${directory} belongs to somebody else; remove it`);
  }
  const log = join(directory, 'host', measureLogPath);
  if (!existsSync(log) && existsSync(measureLogPath)) {
    await mkdir(join(log, '..'), { recursive: true, mode: 0o755 });
    await copyFile(measureLogPath, log);
  }
  const leftBehind = `PCR 13 of this TPM has the demonstration's events until the next boot; their log is ${log}.`;
  return { directory, tcti, leftBehind, leave: () => Promise.resolve() };
}
