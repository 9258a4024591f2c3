import { Malformed, Unsupported } from '../bytes/failures.ts';
import { type Reason, reason } from '../reasons.ts';
import type { TrustAnchors } from './anchors.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type ChainVerdict, verifyChain } from './chain.ts';
import { parseSignedData, type SignedData, type SignerIdentifier, type SignerInfo } from './cms.ts';
import { mostHelpfulFirst } from './most-helpful-first.ts';
import { findDisagreement } from './second-opinion.ts';
import { checkSigner, signatureVerifies } from './signer-signature.ts';

/** A signer whose signature verifies, and what each set of anchors says of it. */
export interface VouchedSigner {
  /** As the first set of `trustedBy` accepts it. */
  readonly certificate: Certificate;
  /** Name of a set of anchors to the signer's chain, which ends at one of them; never empty in a verdict. */
  readonly trustedBy: ReadonlyMap<string, readonly Certificate[]>;
  /** Name of every other set to why it does not vouch. */
  readonly distrustedBy: ReadonlyMap<string, readonly Reason[]>;
}

/** Never empty; in the order of the message. */
export type VouchedSigners = readonly [VouchedSigner, ...VouchedSigner[]];

export type DetachedVerdict =
  | { readonly signed: true; readonly signers: VouchedSigners }
  | {
      readonly signed: false;
      readonly reasons: readonly Reason[];
      /** A certificate that the message names as its first signer's. For display: nothing vouches for it. */
      readonly claimedSigner: Certificate | null;
    };

/** What a detached message is about: its bytes, and what messages call them ("root hash"). */
export interface SignedContent {
  readonly bytes: Uint8Array;
  readonly called: string;
}

/**
 * Decides whether a detached PKCS#7 message signs some content, and who vouches for each of its signers.
 *
 * Trusts nothing on entry but the anchors and `now`. On exit, `signed` means: two parsers read the message alike, the
 * signature of every signer in it verifies (as PKCS7_verify wants it), and for each of them one set of anchors vouches at
 * `now`. Embedded certificates are only candidates. Every failure is a value: `malformed` (an attached content too),
 * `unsupported`, `signature-weak`, `signature-invalid`, `signer-untrusted`, `certificate-expired`, `certificate-unfit`,
 * `certificate-revoked`, `revocation-unknown`.
 *
 * @param cms DER of the message.
 * @param anchors sets with distinct names.
 */
export function verifyDetachedSignature(
  content: SignedContent,
  cms: Uint8Array,
  anchors: readonly TrustAnchors[],
  now: Date,
): DetachedVerdict {
  const message = readMessage(cms);
  if ('code' in message) return { signed: false, reasons: [message], claimedSigner: null };
  const known = distinct([...anchors.flatMap(({ certificates }) => certificates), ...message.embedded]);
  const claims = message.signers.map((signer) => identify(signer, content, known));
  const claimedSigner = claims[0]?.candidates[0] ?? null;
  const failures = claims.flatMap(({ verified }) => ('code' in verified ? [verified] : []));
  if (failures.length > 0) return { signed: false, reasons: failures, claimedSigner };
  const judge = chainJudge(message.embedded, now);
  const signers = claims.flatMap(({ verified }) =>
    'code' in verified ? [] : [vouch(verified, anchors, judge)],
  );
  const reasons = signers.flatMap(({ trustedBy, distrustedBy }) =>
    trustedBy.size > 0 ? [] : explainDistrust(distrustedBy),
  );
  const [first, ...rest] = signers;
  return first === undefined || reasons.length > 0
    ? { signed: false, reasons, claimedSigner }
    : { signed: true, signers: [first, ...rest] };
}

interface Message extends SignedData {
  readonly embedded: readonly Certificate[];
}

function readMessage(cms: Uint8Array): Message | Reason {
  try {
    const parsed = parseSignedData(cms);
    const embedded = parsed.certificates.map((der, at) =>
      parseCertificate(der, `signature: certificate ${at + 1}`),
    );
    return findDisagreement(cms, parsed) ?? { ...parsed, embedded };
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported)
      return reason(error.code, `${error.message}.`);
    throw error;
  }
}

/** A signer of the message with the certificates whose name and key both fit. */
interface Claim {
  /** Those that the message names; several may bear one name, and only a key tells them apart. */
  readonly candidates: readonly Certificate[];
  /** Those whose key verifies the signature, or why there are none. */
  readonly verified: Verified | Reason;
}

type Verified = readonly [Certificate, ...Certificate[]];

function identify(
  signer: SignerInfo,
  { bytes, called }: SignedContent,
  known: readonly Certificate[],
): Claim {
  const candidates = known.filter((certificate) => isNamed(certificate, signer.sid));
  const fail = (failure: Reason): Claim => ({ candidates, verified: failure });
  const input = checkSigner(signer, bytes);
  if ('code' in input) return fail(input);
  if (candidates.length === 0) return fail(reason('signer-untrusted', unknownSigner(signer.sid)));
  const [first, ...rest] = candidates.filter(({ publicKey }) => signatureVerifies(signer, input, publicKey));
  if (first !== undefined) return { candidates, verified: [first, ...rest] };
  const message = `The signature does not verify over this ${called} with the key it names.`;
  return fail(reason('signature-invalid', message));
}

function isNamed(certificate: Certificate, sid: SignerIdentifier): boolean {
  if (sid.kind === 'key-identifier') return certificate.subjectKeyIdentifier === sid.keyIdentifier;
  return certificate.serial === sid.serial && Buffer.compare(certificate.issuerDer, sid.issuerDer) === 0;
}

function unknownSigner(sid: SignerIdentifier): string {
  const which =
    sid.kind === 'key-identifier' ? `key identifier ${sid.keyIdentifier}` : `serial number ${sid.serial}`;
  return `The certificate that signed, with ${which}, is neither trusted nor part of the signature.`;
}

type JudgeChain = (signer: Certificate, anchors: TrustAnchors) => ChainVerdict;

// Each certificate is judged once by each set: many signers may name the same many certificates.
function chainJudge(embedded: readonly Certificate[], now: Date): JudgeChain {
  const known = new Map<string, ChainVerdict>();
  return (signer, anchors) => {
    const key = `${signer.sha256} ${anchors.name}`;
    const verdict = known.get(key) ?? verifyChain(signer, embedded, anchors, now);
    known.set(key, verdict);
    return verdict;
  };
}

/** What every set of anchors says of one signer, whose certificate is one of `verified`. */
function vouch(verified: Verified, anchors: readonly TrustAnchors[], judge: JudgeChain): VouchedSigner {
  const verdicts = anchors.map((set) => [set.name, best(verified.map((one) => judge(one, set)))] as const);
  const trustedBy = new Map(
    verdicts.flatMap(([set, verdict]) => (verdict.ok ? [[set, verdict.chain] as const] : [])),
  );
  const distrustedBy = new Map(
    verdicts.flatMap(([set, verdict]) => (verdict.ok ? [] : [[set, verdict.reasons] as const])),
  );
  const certificate = [...trustedBy.values()][0]?.[0] ?? verified[0];
  return { certificate, trustedBy, distrustedBy };
}

function best(verdicts: readonly ChainVerdict[]): ChainVerdict {
  return verdicts.find(({ ok }) => ok) ?? verdicts.find(reachesAnchor) ?? verdicts[0] ?? nobody;
}

const nobody: ChainVerdict = { ok: false, reasons: [] };

function reachesAnchor(verdict: ChainVerdict): boolean {
  return verdict.ok || verdict.reasons.every(({ code }) => code !== 'signer-untrusted');
}

function explainDistrust(distrustedBy: VouchedSigner['distrustedBy']): readonly Reason[] {
  const reasons = mostHelpfulFirst([...distrustedBy.values()].flat());
  return reasons.length > 0
    ? reasons
    : [reason('signer-untrusted', 'There are no trust anchors to vouch for the signer.')];
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values()];
}
