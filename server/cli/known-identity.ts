import { Malformed } from '../../verifier/bytes/failures.ts';
import { type EnrolmentRecord, parseEnrolmentRecord } from '../../verifier/enrolment/enrolment-record.ts';
import { readUserFile } from './decision-policy.ts';

/**
 * What is known of a host from its enrolment record: its keys among it. What the record rests on, a maker's certificate or the first use, is what the
 * appraisal's trust in the host rests on.
 */
export async function readEnrolment(path: string): Promise<EnrolmentRecord> {
  const bytes = await readUserFile(path);
  try {
    return parseEnrolmentRecord(bytes);
  } catch (error) {
    if (error instanceof Malformed)
      throw new Malformed(path, `is no enrolment record, as touchstone enroll writes: ${error.message}`);
    throw error;
  }
}
