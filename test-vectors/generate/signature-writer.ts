import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ReasonCode } from '../../verifier/reasons.ts';
import { type CertificateRequest, type Issued, OpensslPki, type SignOptions } from './openssl-pki.ts';
import type { SignatureCase } from './signature-group.ts';

type Inputs = SignatureCase['inputs'];
type Anchors = Inputs['anchors'];

/** The root hash of every case that does not say otherwise, and one that differs in its last digit. */
export const rootHash = '6d1d8a1f3f6d6c9a0b8f6a7e5c4d3b2a190807f6e5d4c3b2a1908f7e6d5c4b3a';
export const otherHash = rootHash.replace(/a$/, 'b');

/** Collects cases and writes their files into `directory`, which it empties of earlier ones first. */
export class SignatureWriter {
  readonly pki = new OpensslPki();
  readonly cases: Omit<SignatureCase, 'judges'>[] = [];
  readonly #directory: string;
  readonly #names = new Map<Issued, string>();

  constructor(directory: string) {
    this.#directory = directory;
    for (const name of readdirSync(directory).filter((one) => /\.(pem|p7s)$/.test(one)))
      rmSync(join(directory, name));
  }

  /** A certificate of this common name; its file is written when it becomes an anchor. */
  issue(name: string, request: Partial<CertificateRequest> = {}): Issued {
    const issued = this.pki.issue({ subject: `/CN=${name}/O=Touchstone test vectors`, ...request });
    this.#names.set(issued, `${name.replaceAll(' ', '-')}.pem`);
    return issued;
  }

  sign(options: SignOptions, content: string | Uint8Array = rootHash): Uint8Array {
    return this.pki.sign(content, options);
  }

  anchors(
    mode: Anchors[number]['mode'],
    certificates: readonly Issued[],
    usages: readonly string[] = [],
  ): Anchors {
    const files = certificates.map((one) =>
      this.#save(this.#names.get(one) ?? '', readFileSync(one.certificate)),
    );
    return [{ name: 'vendor', mode, certificates: files, extendedKeyUsage: [...usages] }];
  }

  /** Adds a case that is accepted; gives the name of its signature's file. */
  accept(
    flag: string,
    id: string,
    comment: string,
    cms: Uint8Array | string,
    trust: Anchors,
    edit?: Partial<Inputs>,
  ) {
    return this.#add({ id, comment, flags: [flag] }, null, cms, trust, edit);
  }

  /** Adds a case that is refused with a code. */
  refuse(
    [flag, code]: readonly [string, ReasonCode],
    ...[id, comment, cms, trust, edit]: readonly [
      string,
      string,
      Uint8Array | string,
      Anchors,
      Partial<Inputs>?,
    ]
  ): void {
    this.#add({ id, comment, flags: [flag] }, code, cms, trust, edit);
  }

  #add(
    head: Pick<SignatureCase, 'id' | 'comment' | 'flags'>,
    code: ReasonCode | null,
    cms: Uint8Array | string,
    anchors: Anchors,
    edit: Partial<Inputs> = {},
  ): string {
    const signature = typeof cms === 'string' ? cms : this.#save(`${head.id}.p7s`, cms);
    this.cases.push({
      ...head,
      inputs: { rootHash, signature, anchors, now: '2027-01-01T00:00:00Z', ...edit },
      expect:
        code === null
          ? { verdict: 'accepted', code: null, stage: null }
          : { verdict: 'refused', code, stage: 'signature' },
    });
    return signature;
  }

  #save(name: string, bytes: Uint8Array): string {
    writeFileSync(join(this.#directory, name), bytes);
    return name;
  }
}
