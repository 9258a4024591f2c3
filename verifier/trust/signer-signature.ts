import { constants, type KeyObject, verify } from 'node:crypto';

import { digest } from '../bytes/digest.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import { idData, type SignerInfo } from './cms.ts';
import type { StrongDigest, UnusableAlgorithm } from './signature-algorithm.ts';

/** What a signature is verified over, and with which digest (null: the algorithm has its own). */
export interface SignatureInput {
  readonly signed: Uint8Array;
  readonly digest: StrongDigest | null;
}

/**
 * All that can be said of a signer's signature before a key is known: whether its algorithms are usable and agree, and
 * whether its signed attributes are about this content (RFC 5652 section 5.6).
 */
export function checkSigner(signer: SignerInfo, content: Uint8Array): SignatureInput | Reason {
  const { digestAlgorithm, signatureAlgorithm, signedAttributes } = signer;
  if (typeof digestAlgorithm !== 'string') return unusable('digest', digestAlgorithm);
  if (signatureAlgorithm.kind === 'weak' || signatureAlgorithm.kind === 'unknown') {
    return unusable('signature', signatureAlgorithm);
  }
  const named = 'digest' in signatureAlgorithm ? (signatureAlgorithm.digest ?? digestAlgorithm) : null;
  if (named !== null && named !== digestAlgorithm) {
    return reason('signature-invalid', `The signature names two digests, ${named} and ${digestAlgorithm}.`);
  }
  // RFC 8419 section 3.1; without attributes, Ed25519 signs the content itself.
  if (signatureAlgorithm.kind === 'ed25519' && signedAttributes !== null && digestAlgorithm !== 'sha512') {
    return reason('signature-invalid', `The signature names ${digestAlgorithm}; Ed25519 goes with sha512.`);
  }
  if (signedAttributes === null) return { signed: content, digest: named };
  if (signedAttributes.contentType !== idData) {
    return reason('signature-invalid', 'The signed attributes are about something other than plain data.');
  }
  if (Buffer.compare(signedAttributes.messageDigest, digest(digestAlgorithm, content)) !== 0) {
    return reason('signature-invalid', 'The signature was made over other content.');
  }
  return { signed: signedAttributes.der, digest: named };
}

/** Whether the signature is this key's. False, never an exception, for a key that does not fit the algorithm. */
export function signatureVerifies(
  signer: Pick<SignerInfo, 'signatureAlgorithm' | 'signature'>,
  { signed, digest }: SignatureInput,
  key: KeyObject,
): boolean {
  try {
    switch (signer.signatureAlgorithm.kind) {
      case 'rsa-pkcs1':
        return key.asymmetricKeyType === 'rsa' && verify(digest, signed, key, signer.signature);
      case 'rsa-pss': {
        if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return false;
        const { saltLength } = signer.signatureAlgorithm;
        return verify(
          digest,
          signed,
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
          signer.signature,
        );
      }
      case 'ecdsa':
        return key.asymmetricKeyType === 'ec' && verify(digest, signed, key, signer.signature);
      case 'ed25519':
        return key.asymmetricKeyType === 'ed25519' && verify(null, signed, key, signer.signature);
      case 'weak':
      case 'unknown':
        return false;
    }
  } catch {
    return false; // OpenSSL throws where a signature cannot even be tried, for example a salt larger than the key
  }
}

function unusable(what: string, { kind, oid }: UnusableAlgorithm): Reason {
  const code: ReasonCode = kind === 'weak' ? 'signature-weak' : 'unsupported';
  return reason(code, `The signature uses the ${kind} ${what} algorithm ${oid}.`);
}
