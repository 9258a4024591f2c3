import { createCipheriv, createHmac } from 'node:crypto';

import { digestSizes } from '../bytes/digest.ts';
import { Unsupported } from '../bytes/failures.ts';
import { fromHex, type Hex } from '../bytes/hex.ts';
import type { PublicArea } from '../tpm/public-area.ts';
import { kdfa } from './key-derivation.ts';
import { type SharedSeed, shareSeed } from './seed.ts';

/** What TPM2_ActivateCredential takes. Only the TPM that holds both keys gets the secret out of it. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array;
}

/** For whom a credential is made. */
export interface CredentialRequest {
  /** The storage key whose TPM is to open it. */
  readonly endorsementKey: PublicArea;
  /** The name of the key that must be in the same TPM. */
  readonly attestationKeyName: Hex;
  /** At least one byte, and no more than a digest of the endorsement key's name algorithm has. */
  readonly secret: Uint8Array;
}

/**
 * Does what TPM2_MakeCredential does, without a TPM (TCG "TPM 2.0 Library Part 1", section 24, "Credential Protection"): the
 * secret is encrypted to the endorsement key, and bound to the name of the attestation key, so that a TPM gives it out only
 * if it holds a key of exactly that public area.
 *
 * @param seed fresh for each credential; given by tests alone.
 * @throws Unsupported for an endorsement key that is no storage key, or a secret that is too long for it.
 */
export function makeCredential(
  { endorsementKey, attestationKeyName, secret }: CredentialRequest,
  { seed, encrypted }: SharedSeed = shareSeed(endorsementKey),
): Credential {
  const { nameAlgorithm: hash, symmetricBits } = endorsementKey;
  if (symmetricBits === null) throw new Unsupported('endorsement key', 'is not a storage key');
  if (secret.length === 0 || secret.length > digestSizes[hash])
    throw new Unsupported('credential', `of ${secret.length} bytes does not fit the endorsement key`);
  const name = fromHex(attestationKeyName);
  const none = new Uint8Array();
  const storage = { hash, label: 'STORAGE', partyU: name, partyV: none, bits: symmetricBits };
  const integrity = { hash, label: 'INTEGRITY', partyU: none, partyV: none, bits: digestSizes[hash] * 8 };
  const identity = encryptCfb(kdfa(seed, storage), tpm2b(secret));
  const hmac = createHmac(hash, kdfa(seed, integrity)).update(identity).update(name).digest();
  return {
    credentialBlob: tpm2b(Buffer.concat([tpm2b(hmac), identity])),
    encryptedSecret: tpm2b(encrypted),
  };
}

/** The key is used for this one message, so the vector may be zero; Part 1 says it is. */
function encryptCfb(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(`aes-${key.length * 8}-cfb`, key, new Uint8Array(16));
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

function tpm2b(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([Uint8Array.of(bytes.length >>> 8, bytes.length), bytes]));
}
