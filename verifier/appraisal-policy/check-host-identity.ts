import { type Objection, unknown } from './objection.ts';
import type { ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

/** Checks what the trust in the host's keys rests on. */
export function checkEnrolment({ enrolment: wanted }: Requirement, { enrolment }: ProvedHost): Objection[] {
  if (wanted === undefined) return [];
  const path = ['enrolment'];
  if (enrolment === null)
    return [unknown(path, 'The keys of the host do not come from an enrolment record.')];
  if (wanted === 'activated' || enrolment === 'maker') return [];
  const message = 'The host was enrolled on first use: no maker vouches for its TPM.';
  return [{ code: 'enrolment-insufficient', message, path }];
}

/**
 * Checks the version of the TPM's own firmware, as one number (TPM 2.0 Part 2, TPMS_ATTEST: "vendor-specific"). Makers put what counts
 * for more first; versions of different makers say nothing to each other.
 */
export function checkTpmFirmware({ tpmFirmware }: Requirement, { firmwareVersion }: ProvedHost): Objection[] {
  if (tpmFirmware === undefined || firmwareVersion >= BigInt(`0x${tpmFirmware}`)) return [];
  const found = firmwareVersion.toString(16).padStart(16, '0');
  const message = `The firmware of the TPM is ${found}; ${tpmFirmware} is asked for.`;
  return [{ code: 'firmware-too-old', message, path: ['tpmFirmware'] }];
}
