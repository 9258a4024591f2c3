import type { Branded } from '../bytes/branded.ts';
import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import type { TrustAnchors } from './anchors.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type ChainVerdict, verifyChain } from './chain.ts';
import { parseSignedData, type SignedData, type SignerIdentifier, type SignerInfo } from './cms.ts';
import { findDisagreement } from './second-opinion.ts';
import { checkSigner, signatureVerifies } from './signer-signature.ts';

/** A root hash whose signature verifies and whose signer at least one set of anchors vouches for. */
export type SignedRootHash = Branded<
  {
    readonly rootHash: Hex;
    /** The certificate of the first signer, as the first set of `trustedBy` accepts it. */
    readonly signer: Certificate;
    /** Name of a set of anchors to the chain of the first signer, which ends at one of them; never empty. */
    readonly trustedBy: ReadonlyMap<string, readonly Certificate[]>;
    /** Name of every other set to why it does not vouch. */
    readonly distrustedBy: ReadonlyMap<string, readonly Reason[]>;
  },
  'SignedRootHash'
>;

export type SignatureVerdict =
  | { readonly signed: true; readonly signature: SignedRootHash }
  | {
      readonly signed: false;
      readonly reasons: readonly Reason[];
      /** A certificate that the message names as its first signer's. For display: nothing vouches for it. */
      readonly claimedSigner: Certificate | null;
    };

/**
 * Decides whether a detached PKCS#7 message signs a root hash, and who vouches for the signer. The signed content is
 * what the kernel and systemd sign: the root hash as lowercase hexadecimal ASCII, without a newline.
 *
 * Trusts nothing on entry but the anchors and `now`. On exit, `signed` means: two parsers read the message alike, the
 * signature of every signer in it verifies (as PKCS7_verify wants it), and one set of anchors vouches for all of them
 * at `now`. Embedded certificates are only candidates. Every failure is a value: `malformed` (an attached content
 * too), `unsupported`, `signature-weak`, `signature-invalid`, `signer-untrusted`, `certificate-expired`,
 * `certificate-unfit`.
 *
 * @param cms DER of the message.
 * @param anchors sets with distinct names.
 */
export function verifyRootHashSignature(
  rootHash: Hex,
  cms: Uint8Array,
  anchors: readonly TrustAnchors[],
  now: Date,
): SignatureVerdict {
  const message = readMessage(cms);
  if ('code' in message) return { signed: false, reasons: [message], claimedSigner: null };
  const known = distinct([...anchors.flatMap(({ certificates }) => certificates), ...message.embedded]);
  const claims = message.signers.map((signer) => identify(signer, Buffer.from(rootHash, 'ascii'), known));
  const claimedSigner = claims[0]?.candidates[0] ?? null;
  const failures = claims.flatMap(({ failure }) => failure ?? []);
  if (failures.length > 0) return { signed: false, reasons: failures, claimedSigner };
  const verdicts = anchors.map((set) => ({
    name: set.name,
    verdict: vouch(claims, message.embedded, set, now),
  }));
  return conclude(rootHash, verdicts, claimedSigner);
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
  /** Those whose key verifies the signature; empty if and only if `failure` says why. */
  readonly verified: readonly Certificate[];
  readonly failure: Reason | null;
}

function identify(signer: SignerInfo, content: Uint8Array, known: readonly Certificate[]): Claim {
  const candidates = known.filter((certificate) => isNamed(certificate, signer.sid));
  const fail = (failure: Reason): Claim => ({ candidates, verified: [], failure });
  const input = checkSigner(signer, content);
  if ('code' in input) return fail(input);
  if (candidates.length === 0) return fail(reason('signer-untrusted', unknownSigner(signer.sid)));
  const verified = candidates.filter(({ publicKey }) => signatureVerifies(signer, input, publicKey));
  if (verified.length > 0) return { candidates, verified, failure: null };
  return fail(
    reason('signature-invalid', 'The signature does not verify over this root hash with the key it names.'),
  );
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

// A set vouches for the message if it vouches for every signer; the chain is that of the first. Each certificate is
// judged once: many signers may name the same many certificates.
function vouch(
  claims: readonly Claim[],
  embedded: readonly Certificate[],
  anchors: TrustAnchors,
  now: Date,
): ChainVerdict {
  const judged = new Map(
    distinct(claims.flatMap(({ verified }) => verified)).map((certificate) => [
      certificate.sha256,
      verifyChain(certificate, embedded, anchors, now),
    ]),
  );
  const verdicts = claims.map(({ verified }): ChainVerdict => {
    const tried = verified.flatMap(({ sha256 }) => judged.get(sha256) ?? []);
    return tried.find(({ ok }) => ok) ?? tried.find(reachesAnchor) ?? tried[0] ?? nobody;
  });
  return verdicts.find(({ ok }) => !ok) ?? verdicts[0] ?? nobody;
}

const nobody: ChainVerdict = { ok: false, reasons: [] };

function reachesAnchor(verdict: ChainVerdict): boolean {
  return verdict.ok || verdict.reasons.every(({ code }) => code !== 'signer-untrusted');
}

function conclude(
  rootHash: Hex,
  verdicts: readonly { readonly name: string; readonly verdict: ChainVerdict }[],
  claimedSigner: Certificate | null,
): SignatureVerdict {
  const trustedBy: SignedRootHash['trustedBy'] = new Map(
    verdicts.flatMap(({ name, verdict }) => (verdict.ok ? [[name, verdict.chain] as const] : [])),
  );
  const distrustedBy: SignedRootHash['distrustedBy'] = new Map(
    verdicts.flatMap(({ name, verdict }) => (verdict.ok ? [] : [[name, verdict.reasons] as const])),
  );
  const signer = [...trustedBy.values()][0]?.[0];
  if (signer) {
    const signature = { rootHash, signer, trustedBy, distrustedBy } as SignedRootHash;
    return { signed: true, signature };
  }
  const reasons = verdicts.flatMap(({ verdict }) => (verdict.ok ? [] : verdict.reasons));
  return { signed: false, reasons: mostHelpfulFirst(reasons), claimedSigner };
}

// That some other set has never heard of the signer says less than why the one that has does not vouch.
function mostHelpfulFirst(reasons: readonly Reason[]): readonly Reason[] {
  const isBare = ({ code }: Reason): boolean => code === 'signer-untrusted';
  const ordered = [...reasons.filter((one) => !isBare(one)), ...reasons.filter(isBare)];
  return ordered.length > 0
    ? ordered
    : [reason('signer-untrusted', 'There are no trust anchors to vouch for the signer.')];
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values()];
}
