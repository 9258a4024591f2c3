import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Issued, OpensslPki } from '../../test-vectors/generate/openssl-pki.ts';
import { makeDdi, makeErofs } from '../../test-vectors/generate/make-image.ts';
import type { Architecture } from '../../verifier/image/partition-types.ts';
import { hostArchitecture } from '../os/architecture.ts';
import type { TpmDevice } from '../tpm-device/device.ts';
import { type SoftwareTpm, startSoftwareTpm } from '../tpm-device/software-tpm.ts';
import { openTpm } from '../tpm-device/tpm2-tools.ts';

const ownArchitecture: Architecture = hostArchitecture() === 'arm64' ? 'arm64' : 'x86-64';

/** Release data for each name that the tests give an image, in both classes. */
export function releaseFiles(content: string): Record<string, string> {
  const names = [content, `vendor-${content}`, 'vendor-tools', 'site', 'corrupt', 'renamed'];
  return Object.fromEntries(
    names.flatMap((name) => [
      [`usr/lib/extension-release.d/extension-release.${name}`, 'ID=sample\nSYSEXT_VERSION_ID=1.2\n'],
      [`etc/extension-release.d/extension-release.${name}`, 'ID=_any\nCONFEXT_VERSION_ID=1.2\n'],
    ]),
  );
}

/** A host below a directory with a software TPM, a vendor who signs images, and a policy that trusts the vendor. */
export class SampleMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'touchstone-machine-'));
  readonly pki = new OpensslPki();
  readonly vendor: Issued;
  readonly stranger: Issued;
  readonly policyFile: string;
  readonly tpm: SoftwareTpm;
  readonly device: TpmDevice;

  private constructor(tpm: SoftwareTpm) {
    this.tpm = tpm;
    this.device = openTpm({ tcti: tpm.tcti });
    this.vendor = this.pki.issue({ subject: '/CN=vendor' });
    this.stranger = this.pki.issue({ subject: '/CN=stranger', key: 'rsa2048' });
    mkdirSync(join(this.root, 'etc/touchstone'), { recursive: true });
    writeFileSync(join(this.root, 'etc/os-release'), 'ID=sample\n');
    writeFileSync(join(this.root, 'etc/touchstone/vendor.pem'), readFileSync(this.vendor.certificate));
    this.policyFile = join(this.root, 'etc/touchstone/policy.yaml');
    this.writePolicy();
  }

  static async start(): Promise<SampleMachine> {
    return new SampleMachine(await startSoftwareTpm());
  }

  async stop(): Promise<void> {
    await this.tpm.stop();
    this.pki.remove();
    rmSync(this.root, { recursive: true, force: true });
  }

  writePolicy(more = ''): void {
    writeFileSync(
      this.policyFile,
      [
        'apiVersion: touchstone/v1',
        'kind: ExtensionPolicy',
        'metadata: { name: sample, version: 1 }',
        'trust: { vendor: { certificates: [vendor.pem], pinned: true } }',
        'rules:',
        '  - { name: vendor tools, match: { name: "vendor-*" }, require: { signedBy: [vendor] } }',
        more,
        '',
      ].join('\n'),
    );
  }

  /** An image in memory, signed by `signer`; unsigned if there is none. */
  image(content: string, signer: Issued | null = this.vendor, architecture = ownArchitecture): Buffer {
    const data = makeErofs({ 'usr/share/sample': content, ...releaseFiles(content) });
    const sign = (rootHash: string): Uint8Array =>
      this.pki.sign(rootHash, { signers: signer === null ? [] : [signer] });
    return makeDdi({ data, architecture, ...(signer === null ? {} : { sign }) }).bytes;
  }

  /** Puts a file below the root; returns its path on this system. */
  put(path: string, bytes: Uint8Array | string): string {
    const target = join(this.root, path);
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, bytes);
    return target;
  }
}

/** Collects what a command writes. */
export function collect(): {
  readonly output: { out: (t: string) => void; err: (t: string) => void };
  out: string;
  err: string;
} {
  const collected = {
    out: '',
    err: '',
    output: {
      out: (text: string) => void (collected.out += text),
      err: (text: string) => void (collected.err += text),
    },
  };
  return collected;
}
