import { basename, dirname, join } from 'node:path';

import { digest, type DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import { encodeLogRecord } from '../../../verifier/measurement/systemd-log.ts';
import { chaseInRoot } from '../../os/chase.ts';
import { bootId, bootTimeMicroseconds } from '../../os/clock.ts';
import { entryExists } from '../../os/directory.ts';
import { makeDirectory } from '../../os/durable-file.ts';
import { measureLogPath } from '../../os/host-paths.ts';
import { withExclusiveFile, withSharedFile } from '../../os/locked-file.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';

/** What was appended to the log after the PCR was extended by it. */
export interface Recorded {
  readonly pcr: number;
  /** Where the new records begin and end in the log, in bytes. */
  readonly start: number;
  readonly end: number;
  /** The log says of itself that an event may be missing, since before these. It will until the next boot. */
  readonly incomplete: boolean;
}

/** systemd's measurement log, unparsed. */
export interface MeasuredLog {
  readonly bytes: Uint8Array;
  /** A writer died, or failed, between an extend and its record: the log need not replay to the PCR. */
  readonly incomplete: boolean;
}

/**
 * Measures lines into a PCR, in their order, and appends a record of each to systemd's log, by systemd's own protocol
 * (tpm2_userspace_log_open() and tpm2_userspace_log() in systemd's src/shared/tpm2-util.c), so that its writers and ours
 * keep out of each other's way:
 *
 *     mkdir -p /run/log/systemd
 *     open(tpm2-measure.log, O_CREAT|O_NOFOLLOW, 0600)
 *     flock(LOCK_EX)                                       killed here: nothing happened
 *     chmod 01600                                          killed here: the log says that it is incomplete, wrongly
 *     TPM2_PCR_Extend of every active bank, a line each    killed here: rightly
 *     write the records, fsync                             killed here: wrongly, or rightly with half a record at its end
 *     chmod 0600                                           killed here: nothing is missing
 *     close, which unlocks
 *
 * The sticky bit is how the log says it. Whoever finds it set leaves it set, so it stays until the next boot; so it does
 * when anything fails after the first extend may have been sent.
 *
 * @param root a whole host under a directory; `/` for this host.
 * @param lines 1 to 1,000 printable ASCII characters each; longer text systemd's format would truncate.
 * @throws CouldNotDecide if any step fails. The PCR may have been extended by then, and the log says so.
 */
export async function recordEvents(
  device: TpmDevice,
  root: string,
  pcr: number,
  lines: readonly string[],
): Promise<Recorded> {
  checkLines(lines);
  const banks = await device.activeBanks();
  const measured = lines.map((line) => ({ line, digests: digestsOf(line, banks) }));
  const directory = await makeDirectory(root, dirname(measureLogPath));
  return withExclusiveFile(join(directory, basename(measureLogPath)), async (log) => {
    const [incomplete, start] = [await log.isMarked(), await log.size()];
    const records = Buffer.concat(measured.map(({ line, digests }) => encodeRecord(pcr, line, digests)));
    if (start + records.length > maximumLogBytes)
      throw new CouldNotDecide(`${measureLogPath} is full; reboot the host`);
    await log.setMarked(true);
    await device.extendPcr(
      pcr,
      measured.map(({ digests }) => digests),
    );
    await log.append(records);
    await log.setMarked(incomplete);
    return { pcr, start, end: start + records.length, incomplete };
  });
}

// What the log cannot carry unchanged must not be measured: no replay would explain the PCR until the next boot.
function checkLines(lines: readonly string[]): void {
  const wrong = lines.find((line) => !/^[\x20-\x7e]{1,1000}$/.test(line));
  if (wrong !== undefined)
    throw new CouldNotDecide(`${JSON.stringify(wrong.slice(0, 80))} cannot be measured`);
}

function digestsOf(line: string, banks: readonly DigestName[]): ReadonlyMap<DigestName, Uint8Array> {
  return new Map(banks.map((bank) => [bank, digest(bank, line)]));
}

// Third parties cannot add to systemd's list of event types; "phase" is what systemd-pcrextend itself gives a word of
// theirs. A record without a type is read too, but systemd-pcrlock then takes it for nobody's and leaves the text out of
// what it exports (EVENT_LOG_RECORD_IS_USERSPACE in src/pcrlock/pcrlock.c).
const eventType = 'phase';

function encodeRecord(pcr: number, text: string, digests: ReadonlyMap<DigestName, Uint8Array>): Uint8Array {
  const register = { kind: 'pcr', index: pcr } as const;
  return encodeLogRecord({
    register,
    digests,
    text,
    bootId: bootId(),
    timestamp: bootTimeMicroseconds(),
    eventType,
  });
}

/** A log that comes into being while it is read as absent is read again, this often at most. */
const attempts = 3;

/**
 * Gives `use` the log and keeps writers out until it is done: PCRs that are read or quoted meanwhile are those that the
 * log leads to, as far as writers keep the protocol.
 *
 * Where there is no log, nothing was measured and there is nothing to lock. It is not created for that: systemd and its
 * tools take its presence for measurements. `use` gets an empty log then; and as every writer creates the file before it
 * extends, a file that is still not there when `use` is done says that none did. If it is there by then, what `use` gave
 * is thrown away and `use` is called again, so it must be fit for that.
 *
 * @throws CouldNotDecide if the log cannot be read or locked, or has more than `maximumLogBytes`; what `use` throws.
 */
export async function withSharedLog<T>(root: string, use: (log: MeasuredLog) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const path = await findLog(root);
    if (path !== null) {
      return withSharedFile(path, async (log) =>
        use({ bytes: await log.read(maximumLogBytes), incomplete: await log.isMarked() }),
      );
    }
    const result = await use({ bytes: new Uint8Array(0), incomplete: false });
    if ((await findLog(root)) === null) return result;
  }
  throw new CouldNotDecide(`${measureLogPath} comes and goes`);
}

/** The log as it is at this moment. @throws CouldNotDecide as `withSharedLog`. */
export function readLog(root: string): Promise<MeasuredLog> {
  return withSharedLog(root, (log) => Promise.resolve(log));
}

// The directory is chased, the file is not: it is opened without following a link, as the writers do.
async function findLog(root: string): Promise<string | null> {
  const directory = await chaseInRoot(root, dirname(measureLogPath));
  if (directory === null) return null;
  const path = join(directory, basename(measureLogPath));
  return (await entryExists(path)) ? path : null;
}
