/**
 * The library: bytes in, verdict out. It starts no processes, opens no connections, reads no clock and no file; what it
 * decides with is given to it.
 */
export { appraise, type AppraisalInput, type HostAnswer, type Verifier } from './appraisal/appraise.ts';
export type { Appraisal, AppraisedExtension } from './appraisal/appraisal.ts';
export { type Appraiser, type AppraiserSettings, createAppraiser } from './appraisal/appraiser.ts';
export {
  type ResultContext,
  type ResultProfile,
  toAttestationResult,
} from './appraisal/attestation-result.ts';
export { explainHost, type HostExplanation } from './appraisal/explain-host.ts';
export type { AppraisalPolicy } from './appraisal-policy/appraisal-policy.ts';
export type { HostVerdict } from './appraisal-policy/check-appraisal-policy.ts';
export { type AppraisalPolicySource, loadAppraisalPolicy } from './appraisal-policy/load-appraisal-policy.ts';
export { CouldNotDecide, Malformed, Unsupported } from './bytes/failures.ts';
export { completeEvidence, type KnownLogs } from './evidence/complete-logs.ts';
export { type EnrolmentRecord, parseEnrolmentRecord } from './enrolment/enrolment-record.ts';
export { type Identity, parseIdentity } from './evidence/identity.ts';
export type { ByteSource } from './image/byte-source.ts';
export { loadPolicy, type PolicySource } from './policy/load.ts';
export { PolicyInvalid } from './policy/policy-text.ts';
export type { PolicyFiles } from './policy/trust-sets.ts';
export type { Policy } from './policy/policy.ts';
export { trustOnlyPolicy } from './policy/trust-only-policy.ts';
export { type Reason, type ReasonCode, reasonSentences } from './reasons.ts';
export { type Certificate, parseCertificates } from './trust/certificate.ts';
export type { ImageVerdict, VerifyImageOptions } from './image-verdict.ts';
export { type DigestedTree, verifyDirectory } from './verify-directory.ts';
export { verifyImage } from './verify-image.ts';
export type { ImageFiles } from './check-content.ts';
