/** Words for what ends a connection before an answer, as a person can act on them. */
const sentences = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', 'it closed the connection; if it speaks TLS, it may not accept this client certificate'],
  ['EPIPE', 'it closed the connection; if it speaks TLS, it may not accept this client certificate'],
  ['ETIMEDOUT', 'it cannot be reached'],
  ['ABORT_ERR', 'it took too long'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it wants a client certificate'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'it does not speak TLS 1.3'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'it does not speak TLS 1.3'],
  ['EPROTO', 'it does not speak TLS 1.3'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not from the given authority'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not from the given authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not from the given authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its certificate is not from the given authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is not from the given authority'],
  ['INVALID_PURPOSE', 'its certificate is not for a TLS server'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
]);

/** Why there was no answer: a sentence where the code of the error is known, and the code in any case. */
export function describeConnectionFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  if (code === null) return error instanceof Error ? error.message : String(error);
  const sentence = sentences.get(code);
  return sentence === undefined ? code : `${sentence} (${code})`;
}
