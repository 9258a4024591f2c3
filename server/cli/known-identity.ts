import { Malformed } from '../../verifier/bytes/failures.ts';
import { parseEnrolmentRecord } from '../../verifier/enrolment/enrolment-record.ts';
import type { Identity } from '../../verifier/evidence/identity.ts';
import { readUserFile } from './decision-policy.ts';

/**
 * The keys of a host from its enrolment record. What the record rests on, a maker's certificate or the first use, is what the
 * appraisal's trust in the host rests on.
 */
export async function readKnownIdentity(path: string): Promise<Identity> {
  const bytes = await readUserFile(path);
  try {
    return parseEnrolmentRecord(bytes).identity;
  } catch (error) {
    if (error instanceof Malformed)
      throw new Malformed(path, `is no enrolment record, as touchstone enroll writes: ${error.message}`);
    throw error;
  }
}
