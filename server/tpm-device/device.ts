import type { DigestName } from '../../verifier/bytes/digest.ts';
import type { Credential } from '../../verifier/enrolment/credential.ts';
import type { CredentialKeys } from './activate-credential.ts';

/** What a quote is asked for. */
export interface QuoteRequest {
  /** An active bank. */
  readonly bank: DigestName;
  /** Indices from 0 to 23; at least one. */
  readonly pcrs: readonly number[];
  /** 1 to 32 bytes; a TPM that knows SHA-256 and nothing larger takes no more than 34. */
  readonly qualifyingData: Uint8Array;
}

/** What TPM2_Quote gave, byte for byte. Nothing about it is checked here: that is the verifier's business. */
export interface QuoteBytes {
  /** TPMS_ATTEST: what was signed. */
  readonly attested: Uint8Array;
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array;
}

/** A key that the TPM keeps over reboots. */
export interface PersistentKey {
  readonly handle: number;
  /** TPM2B_PUBLIC: two bytes of size, then TPMT_PUBLIC (TCG "TPM 2.0 Library Part 2", section 12.2.5). */
  readonly public: Uint8Array;
}

/**
 * A TPM 2.0, as far as Touchstone needs one.
 *
 * Every call either does what it says or throws `CouldNotDecide`, within a time limit of the driver's: for a TPM that is
 * not there, does not answer, refuses, or answers with something else than the call expects. A call that throws may have
 * had its effect. Calls of one device are carried out one after the other in the order in which they were made; when too
 * many wait, further ones throw at once. Other processes may use the same TPM at any time.
 *
 * Callers give it numbers and digests of their own making, never bytes from outside; but for credentials, which
 * `parseCredential` has read.
 */
export interface TpmDevice {
  /** Whether it is the kernel's TPM, which systemd and everything else on this host use unless they are told otherwise. */
  readonly isDefault: boolean;

  /**
   * The PCR banks in use, in the TPM's order. Whoever extends a PCR must extend it in all of them, since a bank left out
   * can be extended later with something else. Throws for a bank in use whose algorithm is not known here.
   */
  readonly activeBanks: () => Promise<readonly DigestName[]>;

  /** Values of PCRs of one bank, by index. Throws if the bank is not in use. */
  readonly readPcrs: (bank: DigestName, pcrs: readonly number[]) => Promise<ReadonlyMap<number, Uint8Array>>;

  /**
   * Extends one PCR by each element of `digestsInOrder`, in that order. Each element has a digest for every active bank
   * and for no other, or nothing at all is extended. The extends are separate commands: when this throws, any number of
   * them may have been carried out.
   */
  readonly extendPcr: (
    pcr: number,
    digestsInOrder: readonly ReadonlyMap<DigestName, Uint8Array>[],
  ) => Promise<void>;

  /** Signs the state of PCRs with the key at a persistent handle. */
  readonly quote: (handle: number, request: QuoteRequest) => Promise<QuoteBytes>;

  /** TPM2B_PUBLIC of the object at a persistent handle; null if the handle is free. */
  readonly readPublic: (handle: number) => Promise<Uint8Array | null>;

  /**
   * The endorsement key, made from the TCG's template and made persistent if it is not yet. The template and the TPM's
   * endorsement seed determine it: making it again gives the same key. If the TPM's maker put a certificate into it, the
   * key is the one that the certificate is for.
   */
  readonly createEndorsementKey: () => Promise<PersistentKey>;

  /**
   * The attestation key: restricted, for signing, under the endorsement key (made first if need be); made and made
   * persistent if there is none yet. Throws if its handle is taken by a key of another kind.
   */
  readonly createAttestationKey: () => Promise<PersistentKey>;

  /** The endorsement key's certificate (DER) from the TPM's memory; null if its maker put none there. Unverified. */
  readonly readEndorsementCertificate: () => Promise<Uint8Array | null>;

  /**
   * Opens a credential with the endorsement key, if it is for the attestation key (TPM2_ActivateCredential).
   *
   * @returns the secret in it; null if it is a credential for other keys, or none.
   */
  readonly activateCredential: (keys: CredentialKeys, credential: Credential) => Promise<Uint8Array | null>;
}
