import type { AppraisalPolicy } from '../appraisal-policy/appraisal-policy.ts';
import type { Policy } from '../policy/policy.ts';
import type { Reason, ReasonCode } from '../reasons.ts';
import { type Answer, answerOf } from './answer.ts';
import type { Appraisal, AppraisedExtension } from './appraisal.ts';
import { extensionVector, hostVector, type Trustworthiness } from './trustworthiness.ts';

/**
 * How claims are named. `veraison`: as existing verifiers and relying parties do (`ear.status`); `ietf`: as the draft has
 * them since its third version (`ear_status`).
 */
export type ResultProfile = 'veraison' | 'ietf';

/** What a result says besides the appraisal. */
export interface ResultContext {
  readonly profile: ResultProfile;
  /** Of the challenge that the evidence answered. */
  readonly nonce: Uint8Array;
  /** The policy that decided about extensions. */
  readonly policy: Policy;
  /** The policy that decided about the host, where there was one. */
  readonly appraisalPolicy?: AppraisalPolicy | undefined;
  readonly issuedAt: Date;
  /** The result must not be used any more from then on; null: it does not say. */
  readonly expiresAt: Date | null;
  /** Who appraised: a developer and the build of its program. */
  readonly verifier: { readonly developer: string; readonly build: string };
  /** What the verifier calls the host. */
  readonly host: string;
}

const profiles = {
  veraison: { tag: 'tag:github.com,2023:veraison/ear', separator: '.', word: '-' },
  ietf: { tag: 'tag:ietf.org,2026:rats/ear#03', separator: '_', word: '_' },
} as const;

type Status = 'affirming' | 'none' | 'contraindicated';

const statusOf: Readonly<Record<Answer, Status>> = {
  ...{ trustworthy: 'affirming', undecided: 'none', 'not-trustworthy': 'contraindicated' },
};

/**
 * The claims of an EAT attestation result (EAR, draft-ietf-rats-ear-03; the vector by draft-ietf-rats-ar4si): one submodule
 * for the host, one for each extension, with the reasons in a claim of our own. Times are whole seconds, as the draft asks.
 *
 * A host that is not trustworthy is `contraindicated`, whatever the mildest reading of the vector would allow: a relying
 * party that looks at nothing but the status must not let it in.
 */
export function toAttestationResult(appraisal: Appraisal, context: ResultContext): Record<string, unknown> {
  const { tag, separator, word } = profiles[context.profile];
  const name = (text: string): string => `ear${separator}${text.replaceAll('-', word)}`;
  const nonce = Buffer.from(context.nonce).toString('base64url');
  const extensionPolicy = policyIdOf(context.policy);
  const hostPolicies = [...hostPolicyIds(context), extensionPolicy];
  const submodule = (
    vector: Trustworthiness,
    status: Status,
    policies: string[],
    details: object,
  ): object => ({
    [name('status')]: status,
    [name('trustworthiness-vector')]: vector,
    ...(context.profile === 'ietf'
      ? { [name('appraisal-policy-ids')]: policies, eat_nonce: nonce }
      : { [name('appraisal-policy-id')]: policies[0] }),
    touchstone: details,
  });
  const status = statusOf[appraisal.verdict];
  return {
    eat_profile: tag,
    iat: seconds(context.issuedAt),
    ...(context.expiresAt === null ? {} : { exp: seconds(context.expiresAt) }),
    ...(context.profile === 'ietf' ? { [name('status')]: status } : {}),
    [name('verifier-id')]: context.verifier,
    eat_nonce: nonce,
    submods: {
      [context.host]: submodule(hostVector(appraisal), status, hostPolicies, {
        ...hostDetails(appraisal),
        policies: hostPolicies,
      }),
      ...Object.fromEntries(
        appraisal.extensions.map((extension) => [
          `${context.host}/${extension.class}/${extension.name}`,
          submodule(
            extensionVector(extension),
            statusOf[answerOf(extension.reasons)],
            [extensionPolicy],
            detailsOf(extension),
          ),
        ]),
      ),
    },
  };
}

/** Names a policy by its exact bytes; for people, by its name and version too. */
export function policyIdOf({ name, version, sha256 }: Policy): string {
  return `urn:touchstone:policy:${encodeURIComponent(name)}:${version}:sha256:${sha256}`;
}

function hostPolicyIds({ appraisalPolicy }: ResultContext): string[] {
  if (appraisalPolicy === undefined) return [];
  const { name, version, sha256 } = appraisalPolicy;
  return [`urn:touchstone:appraisal-policy:${encodeURIComponent(name)}:${version}:sha256:${sha256}`];
}

function hostDetails({
  verdict,
  reasons,
  warnings,
  attestationKey,
  firmware,
  sets,
  observed,
}: Appraisal): object {
  return {
    ...{ verdict, attestationKey, firmware, sets, observed },
    reasons: reasons.map(toReasonClaim),
    warnings: warnings.map(toReasonClaim),
  };
}

function detailsOf({ version, rootHash, signer, rule, reasons }: AppraisedExtension): object {
  return { version, rootHash, signer, rule, reasons: reasons.map(toReasonClaim) };
}

// Where in a policy file it stands is the verifier's own business.
function toReasonClaim({ code, message }: Reason): { readonly code: ReasonCode; readonly message: string } {
  return { code, message };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
