import { digest, type DigestName } from '../../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../../verifier/bytes/failures.ts';
import { chaseInRoot } from '../../os/chase.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';
import { type Appended, extendAndAppend, type MeasuredLine } from './append-log.ts';
import { findExtendService, measureByService } from './extend-service.ts';

/** What is in the log now, and in the PCR. */
export interface Recorded extends Appended {
  readonly pcr: number;
}

/**
 * Measures lines into a PCR, in their order, and has a record of each in systemd's log, /run/log/systemd/tpm2-measure.log.
 *
 * systemd asks others to leave the log to its service io.systemd.PCRExtend (systemd issue 40472), so the service is used
 * where this host offers it. It is for this host and for the TPM that systemd itself uses: for another root, or another
 * TPM, and where the service is not offered or measured nothing, we extend and append ourselves (`extendAndAppend`).
 *
 * By the service, records of other writers may come to stand between these lines; who must not have that (another gate)
 * is kept out by a lock of his own.
 *
 * @param root a whole host under a directory; `/` for this host.
 * @param lines 1 to 1,000 printable ASCII characters each; longer text systemd's format would truncate.
 * @throws CouldNotDecide if any step fails. The PCR may have been extended by then; unless the log says so of itself, it
 *   was found to replay to the PCR, or the message says that it does not.
 */
export async function recordEvents(
  device: TpmDevice,
  root: string,
  pcr: number,
  lines: readonly string[],
): Promise<Recorded> {
  const ours = device.isDefault && (await chaseInRoot(root, '/')) === '/';
  return recordBy(ours ? await findExtendService() : null, device, root, pcr, lines);
}

/** `recordEvents` by a service of one's choice. @param service the path of its socket; null to do without. */
export async function recordBy(
  service: string | null,
  device: TpmDevice,
  root: string,
  pcr: number,
  lines: readonly string[],
): Promise<Recorded> {
  checkLines(lines);
  const banks = await device.activeBanks();
  const measured = lines.map((line): MeasuredLine => ({ line, digests: digestsOf(line, banks) }));
  const done =
    service === null ? null : await measureByService(service, { device, root, pcr, banks }, measured);
  const rest = measured.slice(done?.count);
  if (done !== null && rest.length === 0) return { pcr, ...done.appended };
  const { start, end, incomplete } = await extendAndAppend(device, root, pcr, rest);
  return { pcr, start: done?.appended.start ?? start, end, incomplete };
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
