import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A maker of software TPMs: an authority that swtpm_setup(8) has endorsement certificates from. */
export class TpmMaker {
  readonly #directory = mkdtempSync(join(tmpdir(), 'touchstone-maker-'));
  /** The root, and the authority under it that signs the certificates. */
  readonly root = this.#path('ca/swtpm-localca-rootca-cert.pem');
  readonly issuer = this.#path('ca/issuercert.pem');
  #made = 0;

  constructor() {
    mkdirSync(this.#path('ca'));
    const files = {
      statedir: '',
      signingkey: 'signkey.pem',
      issuercert: 'issuercert.pem',
      certserial: 'serial',
    };
    const authority = Object.entries(files).map(([key, name]) => `${key} = ${this.#path(`ca/${name}`)}`);
    const model = ['--platform-manufacturer touchstone', '--platform-version 1', '--platform-model sample'];
    const tool = [
      'create_certs_tool = swtpm_localca',
      `create_certs_tool_config = ${this.#path('authority.conf')}`,
      `create_certs_tool_options = ${this.#path('model.options')}`,
    ];
    writeFileSync(this.#path('authority.conf'), `${authority.join('\n')}\n`);
    writeFileSync(this.#path('model.options'), `${model.join('\n')}\n`);
    writeFileSync(this.#path('setup.conf'), `${tool.join('\n')}\n`);
  }

  /** State of a new TPM, for `startSoftwareTpm`: certificates for RSA-2048 (template L-1) and P-384 (template H-3). */
  make(): string {
    const state = this.#path(`tpm-${(this.#made++).toString()}`);
    mkdirSync(state);
    const what = ['--tpm2', '--tpmstate', state, '--create-ek-cert', '--config', this.#path('setup.conf')];
    execFileSync('swtpm_setup', what, { stdio: 'pipe' });
    return state;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}
