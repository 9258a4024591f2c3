import type { Reason, ReasonCode } from '../reasons.ts';
import { answerOf } from './answer.ts';
import type { Appraisal, AppraisedExtension } from './appraisal.ts';

type Category = 'instance-identity' | 'configuration' | 'executables' | 'file-system' | 'hardware';

/** Claims by category: those left out say nothing (draft-ietf-rats-ar4si, section 2.3). */
export type Trustworthiness = Readonly<Partial<Record<Category, number>>>;

/* Values of AR4SI: 2 affirms, 32 to 95 warn, 96 and more contradict; 99 means that cryptography says no, -128 to 1 nothing. */
const noClaim = 0;
const affirmed = 2;
const approvedAtBoot = 3;
const unrecognized = 32;
const contraindicated = 96;
const unrecognizedInstance = 97;
const cryptographyFailed = 99;
const unexpectedEvidence = 1;

/** Sysexts bring programs and libraries, confexts configuration. */
const categories = { sysext: 'file-system', confext: 'configuration' } as const;
const extensionClasses = ['sysext', 'confext'] as const;

/** What speaks against the evidence as such, rather than against what it says. */
const faults: ReadonlyMap<ReasonCode, number> = new Map([
  ['malformed', unexpectedEvidence],
  ['unsupported', unexpectedEvidence],
  ['identity-mismatch', unrecognizedInstance],
  ['attestation-key-unfit', contraindicated],
]);

/** What was known to be bad, and not merely unknown. */
const knownBad: ReadonlySet<ReasonCode> = new Set([
  'root-hash-revoked',
  'certificate-revoked',
  'signature-invalid',
  'downgrade',
  'unapproved',
  'violation',
]);

/** What the policy about hosts has found is about one part of the host; all else may touch on whatever is merged. */
const partOf: ReadonlyMap<ReasonCode, readonly [part: Category, value: number]> = new Map([
  ['enrolment-insufficient', ['instance-identity', unrecognizedInstance]],
  ['firmware-too-old', ['hardware', unrecognized]],
  ['secure-boot-off', ['configuration', unrecognized]],
  ['secure-boot-keys', ['configuration', unrecognized]],
  ['pcr-not-listed', ['executables', unrecognized]],
  ['pcr-unexplained', ['executables', unrecognized]],
  ['boot-not-listed', ['executables', unrecognized]],
]);

/** The vector of one extension. */
export function extensionVector(extension: AppraisedExtension): Trustworthiness {
  return { [categories[extension.class]]: valueOf(extension.reasons) };
}

/**
 * The vector of the host: whether it is the one that it should be, of each class that was measured the worst that was
 * found, and of the parts that the policy about hosts found fault with. Without a verified quote nothing is said of what is merged.
 * What was started at boot is affirmed where the firmware let nothing start that its databases do not vouch for.
 */
export function hostVector({ reasons, quote, firmware, sets, extensions }: Appraisal): Trustworthiness {
  if (quote === null) return { 'instance-identity': worst(reasons.map(identityValue)) };
  const vector: Partial<Record<Category, number>> = { 'instance-identity': affirmed };
  if (reasons.length === 0 && firmware?.secureBoot.state === 'on') vector.executables = approvedAtBoot;
  const general = reasons.filter(({ code }) => !partOf.has(code));
  for (const one of extensionClasses) {
    const found = extensions
      .filter((extension) => extension.class === one)
      .map((extension) => valueOf(extension.reasons));
    const measured = sets.some((set) => set.class === one);
    if (measured || general.length > 0) vector[categories[one]] = worst([valueOf(general), ...found]);
  }
  for (const { code } of reasons) {
    const found = partOf.get(code);
    if (found !== undefined) vector[found[0]] = worst([found[1], vector[found[0]] ?? found[1]]);
  }
  return vector;
}

function identityValue({ code }: Reason): number {
  return faults.get(code) ?? cryptographyFailed;
}

function valueOf(reasons: readonly Reason[]): number {
  const answer = answerOf(reasons);
  if (answer !== 'not-trustworthy') return answer === 'trustworthy' ? affirmed : noClaim;
  return reasons.some(({ code }) => knownBad.has(code)) ? contraindicated : unrecognized;
}

/** What warns or contradicts counts for more than what is not known, and that for more than what is affirmed. */
function worst(values: readonly number[]): number {
  const highest = Math.max(...values);
  return highest === affirmed && values.includes(noClaim) ? noClaim : highest;
}
