import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type DigestName, digestSizes } from '../../verifier/bytes/digest.ts';
import { join as concatenate, tpm2b, u8, u16, u32 } from './tpm-writer.ts';

/** A key in the software TPM: its context file and its TPM2B_PUBLIC. */
export interface TpmKey {
  readonly context: string;
  readonly public: Uint8Array;
}

export interface AttestationKeyRequest {
  /** As in tpm2_createak(1): `ecc`, `ecc384`, `rsa`. */
  readonly key: string;
  readonly hash: DigestName;
  readonly scheme: 'ecdsa' | 'rsassa' | 'rsapss';
}

/** What a TPM signed and how: TPMS_ATTEST and TPMT_SIGNATURE. */
export interface SignedAttestation {
  readonly attested: Uint8Array;
  readonly signature: Uint8Array;
}

/** A TPM of its own in a process of its own (swtpm), driven by tpm2-tools, until `remove` is called. */
export class SoftwareTpm {
  readonly #directory = mkdtempSync(join(tmpdir(), 'touchstone-tpm-'));
  readonly #port: number;
  #files = 0;
  #endorsementKey: string | null = null;

  constructor() {
    this.#port = this.#start();
    // A test file that fails outside its tests never comes to remove it.
    process.once('exit', this.remove);
  }

  readonly remove = (): void => {
    process.off('exit', this.remove);
    process.kill(Number(readFileSync(this.path('pid'), 'utf8')));
    rmSync(this.#directory, { recursive: true, force: true });
  };

  path(name: string): string {
    return join(this.#directory, name);
  }

  /** Writes bytes to a new file and gives its path. */
  write(bytes: Uint8Array | string = ''): string {
    const path = this.path(`${(this.#files++).toString()}.bin`);
    writeFileSync(path, bytes);
    return path;
  }

  read(path: string): Uint8Array {
    return new Uint8Array(readFileSync(path));
  }

  /** Runs one of tpm2-tools; its standard output. The TPM has three slots for objects, so they are emptied each time. */
  run(tool: string, ...args: readonly string[]): Buffer {
    const output = this.#execute(tool, args);
    this.#execute('tpm2_flushcontext', ['-t']);
    return output;
  }

  /** A restricted signing key under the endorsement key, as tpm2_createak makes it. */
  createAttestationKey({ key, hash, scheme }: AttestationKeyRequest): TpmKey {
    this.#endorsementKey ??= this.#createEndorsementKey();
    const [context, publicFile, name] = [this.write(), this.write(), this.write()];
    const kind = ['-G', key, '-g', hash, '-s', scheme];
    this.run(
      'tpm2_createak',
      '-C',
      this.#endorsementKey,
      ...kind,
      '-c',
      context,
      '-u',
      publicFile,
      '-n',
      name,
    );
    return { context, public: this.read(publicFile) };
  }

  /** A key in the owner hierarchy. `type` and `attributes` as in tpm2_createprimary(1). */
  createPrimary(type: string, attributes: string): TpmKey {
    const [context, publicFile] = [this.write(), this.write()];
    this.run('tpm2_createprimary', '-C', 'o', '-g', 'sha256', '-G', type, '-a', attributes, '-c', context);
    this.run('tpm2_readpublic', '-c', context, '-o', publicFile);
    return { context, public: this.read(publicFile) };
  }

  /** The endorsement key's TPM2B_PUBLIC. */
  endorsementPublic(): Uint8Array {
    this.#endorsementKey ??= this.#createEndorsementKey();
    const file = this.write();
    this.run('tpm2_readpublic', '-c', this.#endorsementKey, '-o', file);
    return this.read(file);
  }

  /** TPM2_Quote. `selection` as in tpm2_quote(1), for example `sha256:0,13`; `options` are further arguments. */
  quote(key: TpmKey, selection: string, data: Uint8Array, ...options: readonly string[]): SignedAttestation {
    const [message, signature] = [this.write(), this.write()];
    const what = ['-c', key.context, '-l', selection, '-q', Buffer.from(data).toString('hex')];
    this.run('tpm2_quote', ...what, '-m', message, '-s', signature, '-f', 'tss', ...options);
    return { attested: this.read(message), signature: this.read(signature) };
  }

  /**
   * TPM2_Quote by its bytes (TCG "TPM 2.0 Library Part 3", section 18.4), for what tpm2_quote does not ask for.
   *
   * @param selections each a TPMS_PCR_SELECTION.
   */
  rawQuote(key: TpmKey, selections: readonly Uint8Array[], data: Uint8Array): SignedAttestation {
    const handle = 0x81010001;
    this.run('tpm2_evictcontrol', '-C', 'o', '-c', key.context, `0x${handle.toString(16)}`);
    const password = concatenate(u32(0x40000009), u16(0), u8(0), u16(0));
    const parameters = concatenate(tpm2b(data), u16(0x0010), u32(selections.length), ...selections);
    const body = concatenate(u32(0x158), u32(handle), u32(password.length), password, parameters);
    const command = this.write(concatenate(u16(0x8002), u32(6 + body.length), body));
    const response = new Uint8Array(this.run('tpm2_send', command));
    this.run('tpm2_evictcontrol', '-C', 'o', '-c', `0x${handle.toString(16)}`);
    // A header of 10 bytes, parameterSize, TPM2B_ATTEST, TPMT_SIGNATURE, and 5 bytes of the password session.
    const end = 16 + ((response[14] ?? 0) << 8) + (response[15] ?? 0);
    return { attested: response.slice(16, end), signature: response.slice(end, -5) };
  }

  /** TPM2_Sign over the digest of `data`; the key must allow it. `scheme` as in tpm2_sign(1). */
  sign(key: TpmKey, data: Uint8Array, hash: DigestName, scheme: AttestationKeyRequest['scheme']): Uint8Array {
    const signature = this.write();
    const how = ['-g', hash, '-s', scheme, '-f', 'tss'];
    this.run('tpm2_sign', '-c', key.context, ...how, '-o', signature, this.write(data));
    return this.read(signature);
  }

  /** TPM2_PCR_Extend with a digest in hexadecimal for each bank. */
  extend(pcr: number, digests: Readonly<Partial<Record<DigestName, string>>>): void {
    const banks = Object.entries(digests).map(([bank, value]) => `${bank}=${value}`);
    this.run('tpm2_pcrextend', `${pcr.toString()}:${banks.join(',')}`);
  }

  /** Values of PCRs of one bank; `pcrs` must rise. */
  readPcrs(bank: DigestName, pcrs: readonly number[]): Map<number, Uint8Array> {
    const file = this.write();
    this.run('tpm2_pcrread', `${bank}:${pcrs.join(',')}`, '-o', file);
    const values = this.read(file);
    const size = digestSizes[bank];
    return new Map(pcrs.map((pcr, place) => [pcr, values.slice(place * size, (place + 1) * size)]));
  }

  #createEndorsementKey(): string {
    const context = this.write();
    this.run('tpm2_createek', '-G', 'ecc', '-c', context, '-u', this.write());
    return context;
  }

  /** swtpm forks once its two ports are bound, so that its exit status says whether they were free. */
  #start(): number {
    for (let attempt = 0; ; attempt++) {
      const port = 2 * randomInt(10_000, 16_000);
      const channels = [
        '--server',
        `type=tcp,port=${port.toString()}`,
        '--ctrl',
        `type=tcp,port=${(port + 1).toString()}`,
      ];
      const options = ['--tpmstate', `dir=${this.#directory}`, '--flags', 'not-need-init,startup-clear'];
      const background = ['--daemon', '--pid', `file=${this.path('pid')}`];
      try {
        execFileSync('swtpm', ['socket', '--tpm2', ...channels, ...options, ...background], {
          stdio: 'ignore',
        });
        return port;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  #execute(tool: string, args: readonly string[]): Buffer {
    const environment = {
      ...process.env,
      TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${this.#port.toString()}`,
    };
    return execFileSync(tool, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
