import { toBase64 } from '../../verifier/bytes/base64.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { type Hex, toHex } from '../../verifier/bytes/hex.ts';
import { toClaimedSet } from '../../verifier/evidence/claimed-set.ts';
import type { ClaimedMerges, ClaimedSet, Claims } from '../../verifier/evidence/claims.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import { qualifyingData } from '../../verifier/evidence/qualifying-data.ts';
import { readFirmwareLog } from '../../verifier/firmware-log/read-firmware-log.ts';
import { afterFirmware } from '../../verifier/measurement/boot-part.ts';
import { continuationOf } from '../../verifier/measurement/continuation.ts';
import { type ExtensionHistory, readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { judgeMerged } from '../../verifier/measurement/judge-merged.ts';
import { replayLog } from '../../verifier/measurement/replay.ts';
import type { LogRecord } from '../../verifier/measurement/systemd-log.ts';
import { type QuotedPcrs, verifyQuote } from '../../verifier/tpm/quote.ts';
import type { BootLog } from '../host/boot-log.ts';
import { eventTexts, parseMeasuredLog } from '../host/measured-events.ts';
import { findSignature } from '../host/signature-store.ts';
import { type MeasuredLog, withSharedLog } from '../host/systemd/read-log.ts';
import { bootId } from '../os/clock.ts';
import { type AttesterOptions, defaultQuotedPcrs } from './attester-options.ts';

const bank = 'sha256';

export type Snapshot = Pick<Evidence, 'claims' | 'quote' | 'pcrs' | 'logs'>;

/** Which parts of a snapshot do not belong to one moment. */
export type Torn = 'log and PCR' | 'log and merge' | 'merge';

/** What one quote answers. */
export interface Asked {
  readonly nonceTreeRoot: Uint8Array;
  /** Of the TLS connections that the challenges came by; null if they had no TLS. */
  readonly tlsKeySha256: Hex | null;
  /** Whether there may be none: of a host on which what is merged is not what the log says, as in the middle of a merge. */
  readonly mayWait: boolean;
}

/** What a snapshot is taken of. */
export interface SnapshotSource extends AttesterOptions {
  /** @throws CouldNotDecide if there is one that cannot be read: it must not be claimed that there is none. */
  readonly readBootLog: () => Promise<BootLog | null>;
  /** @throws CouldNotDecide if it cannot be told: it must not be claimed that nothing is merged. */
  readonly observe: NonNullable<AttesterOptions['observe']>;
}

/**
 * Log, claims, PCRs and quote of one moment. The log's lock is held (shared) until the quote is taken, so that no writer
 * that keeps systemd's protocol can come between. What is merged is looked at before the quote and after it.
 *
 * @param asked what the quote must answer.
 * @returns what does not agree: something extended the PCR without the log, or between the two readings, or was merged meanwhile.
 */
export async function takeSnapshot(options: SnapshotSource, asked: Asked): Promise<Snapshot | Torn> {
  const boot = await options.readBootLog();
  return withSharedLog(options.root, async (log) => {
    const records = parseMeasuredLog(log);
    const history = readHistory(eventTexts(records, options.measurePcr));
    const merged = await options.observe();
    if (asked.mayWait && merged !== null && !isAsLogged(history, merged)) return 'log and merge';
    const claims = await makeClaims(options.root, asked, { log, records, boot, history, merged });
    const data = qualifyingData(asked.nonceTreeRoot, claims);
    const wanted = [...(options.quotedPcrs ?? defaultQuotedPcrs), options.measurePcr];
    const pcrs = [...new Set(wanted)].sort((a, b) => a - b);
    const values = new Map([[bank, await options.device.readPcrs(bank, pcrs)] as const]);
    const quote = await options.device.quote(options.attestationKeyHandle, {
      bank,
      pcrs,
      qualifyingData: data,
    });
    const verdict = verifyQuote({
      ...quote,
      ...{ attestationKey: options.attestationKey, qualifyingData: data, pcrs: values },
      ...{ requiredPcrs: [options.measurePcr], bank },
    });
    const agree = verdict.verified && explain(verdict.quote, records, options.measurePcr, boot);
    if (!agree) return 'log and PCR';
    if (JSON.stringify(await options.observe()) !== JSON.stringify(merged)) return 'merge';
    const logs = { firmware: boot?.bytes ?? null, from: 0, userspace: log.bytes };
    return { claims, quote, pcrs: values, logs };
  });
}

/** As the verifier replays; the firmware's log is read only where the PCR does not begin at zeros. */
function explain(
  quote: QuotedPcrs,
  records: readonly LogRecord[],
  pcr: number,
  boot: BootLog | null,
): boolean {
  if (replayLog(quote, records, pcr).replayed) return true;
  if (boot === null) return false;
  const verdict = readFirmwareLog(boot.bytes, quote, continuationOf(records, quote.bank, pcr));
  if (!verdict.read) return false;
  return replayLog(quote, records, pcr, afterFirmware(verdict.log, pcr, quote.bank)).replayed;
}

interface Read {
  readonly log: MeasuredLog;
  readonly records: readonly LogRecord[];
  readonly boot: BootLog | null;
  readonly history: ExtensionHistory;
  readonly merged: ClaimedMerges | null;
}

async function makeClaims(
  root: string,
  { tlsKeySha256 }: Asked,
  { log, records, boot, history, merged }: Read,
): Promise<Claims> {
  const firmware = boot === null ? null : { bytes: boot.bytes.length, sha256: boot.sha256 };
  const userspace = {
    bytes: log.bytes.length,
    sha256: toHex(digest('sha256', log.bytes)),
    records: records.length,
  };
  return {
    version: 1,
    sets: await claimSets(root, history),
    merged,
    bootId: bootId(),
    tlsKeySha256,
    logs: { firmware, userspace: { ...userspace, incomplete: log.incomplete } },
  };
}

function readHistory(events: readonly string[]): ExtensionHistory {
  const verdict = readExtensionHistory(events);
  if (!verdict.read) throw new CouldNotDecide(`the measurement log: ${verdict.reasons[0].message}`);
  return verdict.history;
}

/** As the verifier judges; also that something was approved and is merged, and not confirmed yet. */
function isAsLogged(history: ExtensionHistory, merged: ClaimedMerges): boolean {
  return (['sysext', 'confext'] as const).every((one) => judgeMerged(history, one, merged[one]).agrees);
}

/** The sets the log ends with, each extension with the signature that the gate kept. */
async function claimSets(root: string, history: ExtensionHistory): Promise<ClaimedSet[]> {
  const sets = [...history.sets.values()];
  const signatures = new Map<string, string>();
  for (const extension of sets.flatMap((set) => set.extensions)) {
    const cms = await findSignature(root, extension);
    if (cms !== null) signatures.set(`${extension.rootHash}-${extension.signer}`, toBase64(cms));
  }
  return sets.map((set) =>
    toClaimedSet(set, ({ rootHash, signer }) => signatures.get(`${rootHash}-${signer}`) ?? null),
  );
}
