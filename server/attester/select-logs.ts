import type { Evidence, EvidenceLogs } from '../../verifier/evidence/evidence.ts';
import { recordsEnd } from '../../verifier/measurement/systemd-log.ts';

/** What of the logs a verifier needs; the claims cover all of them all the same. */
export interface LogSelection {
  /** SHA-256 of a firmware log that it has; null: it has none. */
  readonly knownFirmware: string | null;
  /** How many records of the userspace log it has. */
  readonly from: number;
}

/** A verifier that knows nothing yet. */
export const wholeLogs: LogSelection = { knownFirmware: null, from: 0 };

/** The logs without what the verifier has. A userspace log with fewer records than it has is another one, and given whole. */
export function selectLogs({ claims, logs }: Evidence, { knownFirmware, from }: LogSelection): EvidenceLogs {
  const firmware = claims.logs.firmware?.sha256 === knownFirmware ? null : logs.firmware;
  const end = recordsEnd(logs.userspace, from);
  if (end === null) return { firmware, from: 0, userspace: logs.userspace };
  return { firmware, from, userspace: logs.userspace.subarray(end) };
}
