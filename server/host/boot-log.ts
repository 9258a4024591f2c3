import { Malformed } from '../../verifier/bytes/failures.ts';
import { digest, type DigestName } from '../../verifier/bytes/digest.ts';
import { type Hex, toHex } from '../../verifier/bytes/hex.ts';
import { maximumLogBytes } from '../../verifier/evidence/evidence.ts';
import { parseFirmwareLog } from '../../verifier/firmware-log/firmware-log.ts';
import { replayFirmwareLog } from '../../verifier/firmware-log/replay.ts';
import { initialPcr } from '../../verifier/tpm/pcr.ts';
import { readBounded, readIfPresent } from '../os/durable-file.ts';
import { firmwareLogPath } from '../os/host-paths.ts';

/** Where the firmware's log is: as the kernel shows it below the root, in a file of this system, or nowhere. */
export type BootLogPlace = 'kernel' | 'none' | { readonly path: string };

/**
 * The firmware's measurement log of this boot; null if the kernel shows none. It does not change until the next boot.
 *
 * @throws CouldNotDecide if there is one that cannot be read, or a file is named that is not there.
 */
export function readBootLog(root: string, place: BootLogPlace = 'kernel'): Promise<Uint8Array | null> {
  if (place === 'none') return Promise.resolve(null);
  if (place === 'kernel') return readIfPresent(root, firmwareLogPath, maximumLogBytes);
  return readBounded(place.path, maximumLogBytes);
}

/** What a log says that a PCR held when user space began; zeros where there is no log, or none that can be read. */
export function valueAfterBoot(log: Uint8Array | null, pcr: number, bank: DigestName): Uint8Array {
  if (log === null) return initialPcr(bank);
  try {
    return replayFirmwareLog(parseFirmwareLog(log), bank).get(pcr) ?? initialPcr(bank);
  } catch (error) {
    if (error instanceof Malformed) return initialPcr(bank);
    throw error;
  }
}

/** A log, and what it is known by. */
export interface BootLog {
  readonly bytes: Uint8Array;
  readonly sha256: Hex;
}

/** Reads the log when it is first asked for, and holds it: a process does not outlive its boot. One that is not there yet is looked for again. */
export function createBootLogReader(root: string, place?: BootLogPlace): () => Promise<BootLog | null> {
  let known: BootLog | null = null;
  return async () => {
    if (known !== null) return known;
    const bytes = await readBootLog(root, place);
    known = bytes === null ? null : { bytes, sha256: toHex(digest('sha256', bytes)) };
    return known;
  };
}
