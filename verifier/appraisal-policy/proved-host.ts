import type { Hex } from '../bytes/hex.ts';
import type { EnrolmentRecord } from '../enrolment/enrolment-record.ts';
import type { AuthenticatedFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import type { ExtensionHistory } from '../measurement/extension-history.ts';
import type { ClockInfo } from '../tpm/attested.ts';

/**
 * What evidence proved of a host, as plain data: `appraise` makes it of what it authenticated, tests of policies may invent it. Null
 * is "not known" throughout, and never an answer.
 */
export interface ProvedHost {
  /** What the enrolment of the host's keys rests on; null: they came another way. */
  readonly enrolment: EnrolmentRecord['endorsement']['trust'] | null;
  /** Quoted values, of the sha256 bank. */
  readonly pcrs: ReadonlyMap<number, Hex>;
  readonly firmwareVersion: bigint;
  readonly clock: ClockInfo;
  /** The same of the earlier evidence, which this one continues; null: there is none. */
  readonly previousClock: ClockInfo | null;
  readonly firmware: ProvedFirmware | null;
  /** PCRs that other logs explain to the last event; of the extension PCR at least. */
  readonly replayed: ReadonlySet<number>;
  readonly sets: ExtensionHistory['sets'];
  /** Of the merged hierarchies: whether any can be changed, by the host's own word; null: it did not look. */
  readonly mutable: boolean | null;
}

export type ProvedFirmware = Pick<AuthenticatedFirmwareLog, 'values' | 'unexplained' | 'facts'>;
