/**
 * The one list of reason codes. A code is stable: users script against it. The sentence is what the documentation
 * says of it; a reason's own `message` says what was wrong in the case at hand.
 */
export const reasonSentences = {
  // an image and its signature
  unsigned: 'The image carries no PKCS#7 signature of its root hash.',
  'signer-untrusted': 'No trust anchor vouches for the certificate that signed the root hash.',
  'signature-invalid': 'The signature does not verify over the root hash.',
  'signature-weak': 'The signature uses a digest or a key that is too weak to mean anything.',
  'certificate-expired': 'A certificate is used outside its validity period.',
  'certificate-revoked':
    'The policy, or a list that it names, revokes a certificate that the signature depends on.',
  'revocation-unknown': 'No usable revocation list says whether a certificate is revoked.',
  'certificate-unfit': 'A certificate is used for something its constraints do not allow.',
  'root-hash-mismatch': 'Two places that must name the same root hash do not.',
  'root-hash-revoked': 'The policy revokes this root hash.',
  'data-corrupt': 'The data or the hash tree does not match the root hash.',
  malformed: 'The input breaks its own format.',
  unsupported: 'The input is well formed but of a kind that Touchstone does not handle.',
  'no-matching-rule': 'No rule of the policy matches the image.',
  'wrong-class': 'The image is named for one class and used as the other.',
  'wrong-architecture': 'The image is for another architecture than the host.',
  'version-mismatch': 'The version of the extension is not one that the rule accepts.',
  downgrade: 'The host has accepted a newer version of this extension before.',
  'history-lost': 'The record of the versions that the host has accepted is not there.',
  'policy-unsigned': 'The policy is not signed by those who must sign it.',
  'policy-too-old': 'The host has taken a policy that rules out this version of it.',
  'digest-mismatch': 'The content is not one of those that the rule lists.',
  'name-mismatch':
    'The name of the image is not one that systemd, the measurement log or the image itself allows.',
  incompatible: 'The image does not say that it is an extension for this host.',
  unreadable: 'The input could not be read.',
  // evidence of a host
  'identity-mismatch': 'The evidence names another attestation key than the one expected of this host.',
  'attestation-key-unfit':
    'The attestation key may sign what the TPM did not generate, or may leave the TPM.',
  'quote-signature-invalid': 'The quote is not signed by the attestation key.',
  'quote-malformed': 'What the key signed is not a TPM quote.',
  'nonce-mismatch': 'The evidence answers another challenge than the one given.',
  'channel-mismatch': 'The evidence was made for another TLS key than that of the connection it came by.',
  'claims-mismatch': 'The quote does not cover the claims in the evidence.',
  'pcr-selection-mismatch': 'The quote does not cover exactly the PCRs claimed and required.',
  'pcr-digest-mismatch': 'The PCR values in the evidence are not those that were quoted.',
  'log-incomplete': 'The measurement log says itself that an event may be missing.',
  'log-event-missing': 'The measurement log has fewer events than the quote covers.',
  'log-event-added': 'The measurement log has more events than the quote covers.',
  'log-event-edited': 'An event of the measurement log is not the one that was measured.',
  'log-replay-mismatch': 'The measurement log does not replay to the quoted PCR value.',
  'log-event-unknown': 'An event in the extension PCR is not one that Touchstone measures.',
  'log-order-invalid': 'The extension events of the log come in an order the host agent never writes.',
  'log-bank-missing': 'The firmware log has no digests of the bank that was quoted.',
  'log-event-retyped': 'An event of the firmware log claims a type that its digest belies.',
  'log-event-late': 'The firmware log goes on after the firmware handed over to the operating system.',
  'separator-invalid': 'A PCR of the firmware does not have exactly one separator without an error.',
  'boot-event-unknown':
    'The firmware log has an event in the extension PCR that is not known to be none of ours.',
  'firmware-log-unknown': 'The evidence leaves out a firmware log that the verifier does not have.',
  'log-prefix-unknown': 'The evidence leaves out the beginning of a log that the verifier does not have.',
  'secure-boot-unclear': 'The firmware log does not say without doubt what Secure Boot enforced.',
  'not-gated': 'Nothing was measured since boot, so nothing is known of what is merged.',
  'set-mismatch': 'The extensions claimed are not those that the log ends with.',
  discontinuous: 'The evidence does not continue what the host proved before.',
  unapproved: 'Something is merged that was not approved.',
  'merge-pending':
    'What is merged was confirmed before another set was approved, and that is not merged yet.',
  violation: 'The log records that something unapproved was merged since boot.',
  // what the appraisal policy asks of a host
  'fact-unknown': 'The evidence does not tell what the appraisal policy asks for.',
  'host-not-covered': 'No rule of the appraisal policy is about the host.',
  'enrolment-insufficient': 'The host was enrolled with less proof than the appraisal policy asks for.',
  'pcr-not-listed': 'A PCR holds a value that the appraisal policy does not list.',
  'pcr-unexplained': 'A PCR holds more than the logs explain.',
  'secure-boot-off': 'Secure Boot does not enforce what the appraisal policy asks for.',
  'secure-boot-keys': 'The keys and digests of Secure Boot are not those that the appraisal policy allows.',
  'boot-not-listed': 'Something was started that the appraisal policy does not list.',
  'policy-not-allowed': 'The host goes by an extension policy that the appraisal policy does not allow.',
  'extension-missing':
    'An extension that the appraisal policy asks for is not in use, or is another version.',
  'merge-unconfirmed': 'A set of extensions was approved, and no merge of it was confirmed.',
  'hierarchy-mutable': 'A merged hierarchy can be changed on the host.',
  'clock-unfit': 'The clock or the counters of the TPM are not as the appraisal policy asks.',
  'firmware-too-old': "The TPM's own firmware is older than the appraisal policy allows.",
  // enrolment of a host
  'endorsement-missing': 'The TPM has no endorsement certificate.',
  'endorsement-untrusted':
    "No certificate of a TPM's maker that was given vouches for the endorsement certificate.",
  'endorsement-mismatch': 'The endorsement certificate is for another key than the endorsement key.',
  'endorsement-key-unfit': 'The endorsement key is not a storage key that stays in its TPM.',
  'credential-not-activated':
    'The host did not get the secret out of the credential: its keys are not in one TPM.',
} as const;

export type ReasonCode = keyof typeof reasonSentences;

/** Why the answer is no. */
export interface Reason {
  readonly code: ReasonCode;
  /** One plain sentence for a person: what was wrong, where, and what to do where that is known. */
  readonly message: string;
  /** `file:line:column` of the policy text that decided, where one did. */
  readonly at: string | null;
}

export function reason(code: ReasonCode, message: string, at: string | null = null): Reason {
  return { code, message, at };
}
