import { Malformed } from '../bytes/failures.ts';
import type { Claims } from '../evidence/claims.ts';
import type { WholeLogs } from '../evidence/complete-logs.ts';
import { maximumLogBytes } from '../evidence/evidence.ts';
import { type AuthenticatedFirmwareLog, readFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import { afterFirmware, checkBootPart } from '../measurement/boot-part.ts';
import { continuationOf } from '../measurement/continuation.ts';
import { type ExtensionHistory, readExtensionHistory } from '../measurement/extension-history.ts';
import { replayLog } from '../measurement/replay.ts';
import { readSystemFacts, type SystemFact } from '../measurement/system-facts.ts';
import { type LogRecord, parseSystemdLog } from '../measurement/systemd-log.ts';
import { type Reason, reason } from '../reasons.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { checkFirmwareLogClaim, checkLogClaim } from './check-log-claim.ts';
import { type FirmwareSummary, toFirmwareSummary } from './firmware-summary.ts';

/** What the logs prove together with the quote. */
export interface ProvedLogs {
  /** What was found in the logs that speaks against the host, or leaves something open. */
  readonly reasons: readonly Reason[];
  /** Null: there is none, or it does not agree with the quote. */
  readonly firmware: AuthenticatedFirmwareLog | null;
  readonly summary: FirmwareSummary | null;
  /** Of the extension events; null if they are not authenticated. */
  readonly history: ExtensionHistory | null;
  readonly system: readonly SystemFact[];
}

/** What a verifier knows of the extension PCR. */
export interface ExtensionPcr {
  readonly measurePcr: number;
  /** Digests that the firmware may have measured into it, in the quote's bank and in hexadecimal; see `checkBootPart`. */
  readonly knownBootDigests: ReadonlySet<string>;
}

const nothing = { firmware: null, summary: null, history: null, system: [] };

/**
 * Reads both logs of evidence, as the claims name them, by the quoted PCRs. A quote over the firmware's PCRs without a firmware log is
 * no fault: it proves nothing of the firmware then.
 */
export function readLogs(
  claims: Claims,
  logs: WholeLogs,
  quote: QuotedPcrs,
  { measurePcr, knownBootDigests }: ExtensionPcr,
): ProvedLogs {
  const records = parseLog(logs.userspace);
  if ('code' in records) return { ...nothing, reasons: [records] };
  const changed = [
    ...checkLogClaim(logs.userspace, records.length, claims.logs.userspace),
    ...checkFirmwareLogClaim(logs.firmware, claims.logs.firmware),
  ];
  if (changed.length > 0) return { ...nothing, reasons: changed };
  const boot = readBoot(logs.firmware, quote, records, measurePcr);
  const start = afterFirmware(boot.firmware, measurePcr, quote.bank);
  const hidden = checkBootPart(boot.firmware, measurePcr, knownBootDigests);
  const replay = replayLog(quote, records, measurePcr, start);
  const read = replay.replayed ? readExtensionHistory(replay.log.events) : null;
  const refused = replay.replayed ? (read?.read === false ? read.reasons : []) : replay.reasons;
  return {
    firmware: boot.firmware,
    summary: boot.firmware === null ? null : toFirmwareSummary(boot.firmware),
    history: read?.read === true ? read.history : null,
    system: readSystemFacts(quote, records, boot.firmware),
    reasons: [...boot.reasons, ...hidden, ...refused],
  };
}

function readBoot(
  log: Uint8Array | null,
  quote: QuotedPcrs,
  records: readonly LogRecord[],
  measurePcr: number,
): Pick<ProvedLogs, 'firmware' | 'reasons'> {
  if (log === null) return { firmware: null, reasons: [] };
  const verdict = readFirmwareLog(log, quote, continuationOf(records, quote.bank, measurePcr));
  return verdict.read ? { firmware: verdict.log, reasons: [] } : { firmware: null, reasons: verdict.reasons };
}

function parseLog(log: Uint8Array): readonly LogRecord[] | Reason {
  try {
    return parseSystemdLog(log, { maximumBytes: maximumLogBytes });
  } catch (error) {
    if (error instanceof Malformed) return reason(error.code, `${error.message}.`);
    throw error;
  }
}
