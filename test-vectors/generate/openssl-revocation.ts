import { type Issued, type OpensslPki } from './openssl-pki.ts';

export interface ListRequest {
  readonly issuer: Issued;
  readonly revoked?: readonly Issued[];
  /** As `openssl ca -revoke -crl_reason` has it. */
  readonly reason?: string;
  /** `YYYYMMDDHHMMSSZ`. */
  readonly thisUpdate?: string;
  readonly nextUpdate?: string;
  /** Lines of an extension section. */
  readonly extensions?: readonly string[];
  readonly digest?: string;
}

/** A certificate revocation list in PEM, as `openssl ca -gencrl` makes it; the path of the file. */
export function makeRevocationList(pki: OpensslPki, request: ListRequest): string {
  const { issuer, revoked = [], reason = 'keyCompromise', extensions, digest = 'sha256' } = request;
  const { thisUpdate = '20260101000000Z', nextUpdate = '20360101000000Z' } = request;
  const lines = revoked.map(({ certificate }) => {
    const serial = pki.run('x509', '-in', certificate, '-noout', '-serial').toString().trim().slice(7);
    return `R\t360101000000Z\t260601000000Z,${reason}\t${serial}\tunknown\t/CN=any\n`;
  });
  const configuration = pki.write(
    `[ca]\ndefault_ca = authority\n[authority]\ndatabase = ${pki.write(lines.join(''), 'txt')}\n` +
      `[crl]\n${(extensions ?? []).join('\n')}\n`,
    'cnf',
  );
  const out = pki.write('', 'crl');
  pki.run(
    ...['ca', '-gencrl', '-config', configuration, '-cert', issuer.certificate, '-keyfile', issuer.key],
    ...['-crl_lastupdate', thisUpdate, '-crl_nextupdate', nextUpdate, '-md', digest, '-out', out],
    ...(extensions === undefined ? [] : ['-crlexts', 'crl']),
  );
  return out;
}
