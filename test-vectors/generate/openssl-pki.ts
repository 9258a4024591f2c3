import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type KeyKind =
  'rsa1024' | 'rsa2048' | 'rsa-pss' | 'p256' | 'p384' | 'p521' | 'secp256k1' | 'ed25519' | 'ed448';

/** A certificate with its private key, as files that openssl can be pointed at. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly der: Uint8Array;
}

export interface CertificateRequest {
  readonly subject: string;
  readonly key?: KeyKind | Issued;
  /** Absent: self-signed. */
  readonly issuer?: Issued;
  /** Lines of an extension section, as in x509v3_config(5). */
  readonly extensions?: readonly string[];
  /** `YYYYMMDDHHMMSSZ`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly digest?: string;
  /** Hexadecimal; random if absent. */
  readonly serial?: string;
}

export interface SignOptions {
  readonly signers: readonly Issued[];
  readonly attributes?: boolean;
  readonly embed?: readonly Issued[] | 'none' | 'signer';
  readonly tool?: 'smime' | 'cms';
  /** Further arguments of the tool, for example `-keyid`. */
  readonly options?: readonly string[];
}

const keyOptions: Record<KeyKind, readonly string[]> = {
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  rsa2048: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'rsa-pss': ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:named_curve'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-pkeyopt', 'ec_param_enc:named_curve'],
  p521: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521', '-pkeyopt', 'ec_param_enc:named_curve'],
  secp256k1: [
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:secp256k1',
    '-pkeyopt',
    'ec_param_enc:named_curve',
  ],
  ed25519: ['-algorithm', 'ED25519'],
  ed448: ['-algorithm', 'ED448'],
};

/** Makes certificates and signatures with the openssl command in a directory of its own, until `remove` is called. */
export class OpensslPki {
  readonly #directory = mkdtempSync(join(tmpdir(), 'touchstone-pki-'));
  #files = 0;

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  /** Writes bytes to a new file and gives its path. */
  write(bytes: Uint8Array | string, ending = 'bin'): string {
    const path = this.path(`${(this.#files++).toString()}.${ending}`);
    writeFileSync(path, bytes);
    return path;
  }

  /** Runs openssl; its standard output. */
  run(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.#directory, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Whether openssl exits with 0. */
  accepts(...args: readonly string[]): boolean {
    try {
      this.run(...args);
      return true;
    } catch {
      return false;
    }
  }

  issue(request: CertificateRequest): Issued {
    const { key = 'p256', issuer, subject, digest = 'sha256' } = request;
    const serial = request.serial ?? `4${randomBytes(8).toString('hex').slice(1)}`;
    const keyFile = typeof key === 'string' ? this.#newKey(key) : key.key;
    const csr = this.write('', 'csr');
    this.run(
      'req',
      '-new',
      '-utf8',
      '-key',
      keyFile,
      '-subj',
      subject,
      '-out',
      csr,
      '-config',
      this.#configuration(serial),
    );
    const certificate = this.write('', 'pem');
    const extensions = this.write(`[ext]\n${(request.extensions ?? []).join('\n')}\n`, 'ext');
    const dates = [
      '-startdate',
      request.notBefore ?? '20260101000000Z',
      '-enddate',
      request.notAfter ?? '20360101000000Z',
    ];
    const by = issuer
      ? ['-cert', issuer.certificate, '-keyfile', issuer.key]
      : ['-selfsign', '-keyfile', keyFile];
    const more = request.extensions ? ['-extfile', extensions, '-extensions', 'ext'] : [];
    this.run(
      ...['ca', '-batch', '-notext', '-md', digest, '-in', csr, '-out', certificate],
      ...['-config', this.#configuration(serial), ...dates, ...by, ...more],
    );
    return {
      certificate,
      key: keyFile,
      der: new Uint8Array(this.run('x509', '-in', certificate, '-outform', 'DER')),
    };
  }

  /** A detached signature in DER, as `openssl smime -sign` or `openssl cms -sign` makes it. */
  sign(
    content: string | Uint8Array,
    { signers, attributes = false, embed = 'signer', tool = 'smime', options = [] }: SignOptions,
  ) {
    const out = this.write('', 'p7s');
    const others = Array.isArray(embed) && embed.length > 0 ? ['-certfile', this.bundle(embed)] : [];
    this.run(
      ...[tool, '-sign', '-binary', '-in', this.write(content), '-outform', 'DER', '-out', out],
      ...signers.flatMap(({ certificate, key }) => ['-signer', certificate, '-inkey', key]),
      ...[
        ...(attributes ? [] : ['-noattr']),
        ...(embed === 'none' ? ['-nocerts'] : []),
        ...others,
        ...options,
      ],
    );
    return new Uint8Array(readFileSync(out));
  }

  /** One PEM file of several certificates. */
  bundle(certificates: readonly Issued[]): string {
    return this.write(
      certificates.map(({ certificate }) => readFileSync(certificate, 'utf8')).join(''),
      'pem',
    );
  }

  #newKey(kind: KeyKind): string {
    const path = this.write('', 'key');
    this.run('genpkey', ...keyOptions[kind], '-out', path);
    return path;
  }

  #configuration(serial: string): string {
    // A database for each, since the command refuses to issue one serial number twice.
    const [database, serialFile] = [this.write('', 'txt'), this.write(`${serial}\n`, 'srl')];
    return this.write(authorityConfiguration(this.#directory, database, serialFile), 'cnf');
  }
}

function authorityConfiguration(directory: string, database: string, serialFile: string): string {
  return `
[req]
distinguished_name = any
[any]
[policy]
commonName = optional
organizationName = optional
[ca]
default_ca = authority
[authority]
database = ${database}
new_certs_dir = ${directory}
serial = ${serialFile}
unique_subject = no
policy = policy
preserve = yes
`;
}
