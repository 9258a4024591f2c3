import type { AppraisalPolicy } from '../appraisal-policy/appraisal-policy.ts';
import { checkAppraisalPolicy, type HostVerdict } from '../appraisal-policy/check-appraisal-policy.ts';
import type { ProvedFirmware, ProvedHost } from '../appraisal-policy/proved-host.ts';
import { toHex } from '../bytes/hex.ts';
import type { ClaimedMerges } from '../evidence/claims.ts';
import type { EnrolmentRecord } from '../enrolment/enrolment-record.ts';
import type { ExtensionHistory } from '../measurement/extension-history.ts';
import type { Policy } from '../policy/policy.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import type { ProvedMoment } from './check-continuity.ts';

/** What was authenticated of the evidence. */
export interface Proved {
  readonly quote: QuotedPcrs;
  readonly history: ExtensionHistory;
  readonly firmware: ProvedFirmware | null;
  readonly previous: ProvedMoment | null;
  /** What the claims say is merged; the host's own word, unlike the rest. Null: it was not observed. */
  readonly merged: ClaimedMerges | null;
}

interface Judge {
  readonly appraisalPolicy?: AppraisalPolicy | undefined;
  readonly enrolment?: EnrolmentRecord['endorsement']['trust'] | undefined;
  readonly labels: ReadonlyMap<string, string>;
}

/** Asks the policy about hosts, where there is one. */
export function judgeHost(proved: Proved, { measurePcr }: Policy, judge: Judge): HostVerdict {
  const { appraisalPolicy, labels } = judge;
  if (appraisalPolicy === undefined) return { reasons: [], warnings: [], rules: [] };
  return checkAppraisalPolicy(
    appraisalPolicy,
    toProvedHost(proved, measurePcr, judge.enrolment ?? null),
    labels,
  );
}

function toProvedHost(
  { quote, history, firmware, previous, merged }: Proved,
  measurePcr: number,
  enrolment: ProvedHost['enrolment'],
): ProvedHost {
  return {
    enrolment,
    pcrs: new Map([...quote.pcrs].map(([pcr, value]) => [pcr, toHex(value)])),
    firmwareVersion: quote.firmwareVersion,
    clock: quote.clockInfo,
    previousClock: previous?.clockInfo ?? null,
    firmware,
    // The extension events replayed to it, or there would be no history.
    replayed: new Set([measurePcr]),
    sets: history.sets,
    mutable: merged === null ? null : Object.values(merged).some(({ mutable }) => mutable !== 'no'),
  };
}

/** What a report says of the policy. */
export function toPolicyName({
  name,
  version,
  sha256,
}: AppraisalPolicy): Pick<AppraisalPolicy, 'name' | 'version' | 'sha256'> {
  return { name, version, sha256 };
}
