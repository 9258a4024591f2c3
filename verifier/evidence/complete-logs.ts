import { type Reason, reason } from '../reasons.ts';
import { recordsEnd } from '../measurement/systemd-log.ts';
import { type Evidence, type EvidenceLogs, parseEvidence, toEvidenceDocument } from './evidence.ts';

/** Logs that a verifier has from before. */
export interface KnownLogs {
  /** Firmware logs by their SHA-256 in hexadecimal. */
  readonly firmware: ReadonlyMap<string, Uint8Array>;
  /** The userspace log of this host, whole, as evidence had it before; null if there is none. */
  readonly userspace: { readonly bootId: string; readonly log: Uint8Array } | null;
}

/** Logs from which nothing is left out. */
export type WholeLogs = EvidenceLogs & { readonly from: 0 };

export type Completed =
  | { readonly complete: true; readonly logs: WholeLogs }
  | { readonly complete: false; readonly reasons: readonly Reason[] };

/**
 * Puts into evidence what it leaves out because the verifier has it already. That this is what the host means is not said by that: the
 * logs still have to be those that the claims name.
 *
 * `firmware-log-unknown`, `log-prefix-unknown`: the verifier does not have it.
 */
export function completeLogs({ claims, logs }: Evidence, known: KnownLogs): Completed {
  const named = claims.logs.firmware?.sha256;
  const firmware = logs.firmware ?? (named === undefined ? null : known.firmware.get(named));
  const userspace = wholeLog(logs, claims.bootId, known);
  const reasons = [
    ...(firmware === undefined
      ? [reason('firmware-log-unknown', `The firmware log with SHA-256 ${named} is not in the evidence.`)]
      : []),
    ...(userspace === null
      ? [reason('log-prefix-unknown', `The first ${logs.from} records of the log are not in the evidence.`)]
      : []),
  ];
  if (firmware === undefined || userspace === null) return { complete: false, reasons };
  return { complete: true, logs: { firmware, from: 0, userspace } };
}

function wholeLog(logs: EvidenceLogs, bootId: string, known: KnownLogs): Uint8Array | null {
  if (logs.from === 0) return logs.userspace;
  // Of another boot it would only be refused as edited, which it is not.
  if (known.userspace === null || known.userspace.bootId !== bootId) return null;
  const end = recordsEnd(known.userspace.log, logs.from);
  if (end === null) return null;
  return new Uint8Array(Buffer.concat([known.userspace.log.subarray(0, end), logs.userspace]));
}

/**
 * Evidence as it came, with the logs that it leaves out put in: to be kept, and appraised where these logs are not at hand. As it came,
 * where it leaves out nothing, or what is not known.
 *
 * @throws Malformed
 */
export function completeEvidence(bytes: Uint8Array, known: KnownLogs): Uint8Array {
  const evidence = parseEvidence(bytes);
  const completed = completeLogs(evidence, known);
  const { firmware, from } = evidence.logs;
  const isWhole = from === 0 && (firmware !== null || evidence.claims.logs.firmware === null);
  if (!completed.complete || isWhole) return bytes;
  const { logs } = completed;
  return new Uint8Array(Buffer.from(JSON.stringify(toEvidenceDocument({ ...evidence, logs }))));
}
