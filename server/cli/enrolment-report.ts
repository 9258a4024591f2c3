import type { EnrolmentVerdict } from '../../verifier/enrolment/enrol.ts';
import { type EnrolmentRecord, toEnrolmentDocument } from '../../verifier/enrolment/enrolment-record.ts';
import { reasonText } from './verdict-report.ts';
import { fields } from './output.ts';

/** The answer of `enroll --json`. */
export function toEnrolmentReport(verdict: EnrolmentVerdict): object {
  return verdict.enrolled
    ? { enrolled: true, reasons: [], record: toEnrolmentDocument(verdict.record) }
    : { enrolled: false, reasons: verdict.reasons, record: null };
}

/** The answer for people. @param path of the record; null if none was written. */
export function enrolmentText(verdict: EnrolmentVerdict, path: string | null): string {
  if (!verdict.enrolled)
    return `NOT ENROLLED\n${fields(
      verdict.reasons.map((one) => ['because', reasonText(one)] as const),
      '  ',
    )}`;
  const { record } = verdict;
  return `ENROLLED\n${fields(
    [
      ['attestation key', record.attestationKeyName],
      ...endorsementFields(record.endorsement),
      ['firmware', firmwareText(record.tpm)],
      ['record', path ?? 'not written; give --out FILE to appraise by it'],
    ],
    '  ',
  )}`;
}

function firmwareText(tpm: EnrolmentRecord['tpm']): string {
  return tpm === null
    ? 'not known: the host gave no quote'
    : `${tpm.firmwareVersion}, ${tpm.resetCount} resets and ${tpm.restartCount} restarts`;
}

function endorsementFields(
  endorsement: EnrolmentRecord['endorsement'],
): readonly (readonly [label: string, value: string])[] {
  if (endorsement.trust === 'first-use')
    return [['TPM', 'taken on first use: nobody vouches that it is a genuine one']];
  const { manufacturer, model, version, certificateSha256, rootSha256 } = endorsement;
  return [
    ['TPM', `${manufacturer} ${model} ${version}`],
    ['certificate', `sha256 ${certificateSha256}`],
    ['vouched for by', `sha256 ${rootSha256}`],
  ];
}
