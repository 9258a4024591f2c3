import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

/** What a public tool says of a case. */
const opinion = {
  verdict: z.enum(['accepted', 'refused']),
  /** Why the tool says something else than the case expects; null if it does not. */
  why: z.string().min(1).nullable(),
};
const extent = z.strictObject({ offset: z.number().int().min(0), length: z.number().int().min(0) });
const rootHash = z.string().regex(/^(?:[0-9a-f]{2})+$/);

/** The tools that judge images, each with what it has to be told. */
export const imageJudgeShape = z.discriminatedUnion('tool', [
  z.strictObject({ tool: z.literal('fdisk'), sectorSize: z.number().int(), ...opinion }),
  z.strictObject({ tool: z.literal('blkid'), ...opinion }),
  z.strictObject({ tool: z.literal('systemd-dissect'), policy: z.string(), ...opinion }),
  z.strictObject({ tool: z.literal('veritysetup'), data: extent, hashTree: extent, rootHash, ...opinion }),
  z.strictObject({ tool: z.literal('openssl'), signature: extent, ...opinion }),
]);
export type ImageJudge = z.infer<typeof imageJudgeShape>;
export type Verdict = ImageJudge['verdict'];

/** Refuses a group in which a tool contradicts a case and nobody says why, or the reverse. */
export function checkJudges(vector: {
  readonly expect: { readonly verdict: Verdict };
  readonly judges: readonly { readonly verdict: Verdict; readonly why: string | null }[];
  readonly unjudged: string | null;
}): boolean {
  return (
    vector.judges.length > 0 === (vector.unjudged === null) &&
    vector.judges.every(({ verdict, why }) => (verdict === vector.expect.verdict) === (why === null))
  );
}

/** Runs public tools in a directory of its own, until `remove` is called. */
export class JudgeBench {
  readonly directory = mkdtempSync(join(tmpdir(), 'touchstone-judges-'));

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  write(name: string, bytes: Uint8Array | string): string {
    const path = join(this.directory, name);
    writeFileSync(path, bytes);
    return path;
  }

  /** Exit status and output of a tool; the status is null if the tool is not there. */
  run(tool: string, args: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync(tool, args, {
      cwd: this.directory,
      input,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, LC_ALL: 'C' },
    });
    return { status, stdout, stderr };
  }

  /** What a tool says of an image; null if it is not installed, or too old to say anything. */
  judgeImage(judge: ImageJudge, image: Uint8Array, certificate: string | null): Verdict | null {
    const path = () => this.write('image.raw', image);
    switch (judge.tool) {
      case 'fdisk':
        return this.#fdisk(path(), judge.sectorSize);
      case 'blkid':
        return this.#blkid(path());
      case 'systemd-dissect':
        return this.judgeDissect(path(), judge.policy);
      case 'veritysetup':
        return this.verity(
          this.write('data', cut(image, judge.data)),
          this.write('tree', cut(image, judge.hashTree)),
          judge.rootHash,
        );
      case 'openssl':
        return this.#signaturePartition(cut(image, judge.signature), certificate);
    }
  }

  /** fdisk's own check of a partition table: no errors, and no complaint when it was opened. */
  #fdisk(path: string, sectorSize: number): Verdict | null {
    const { status, stdout, stderr } = this.run('fdisk', ['-b', `${sectorSize}`, path], 'v\nq\n');
    if (status === null) return null;
    return verdict(stdout.includes('No errors detected.') && stderr === '');
  }

  /** What systemd learns from libblkid: a GPT, and no file system in the whole file. */
  #blkid(path: string): Verdict | null {
    const { status, stdout } = this.run('blkid', ['-p', '-o', 'export', path]);
    if (status === null) return null;
    return verdict(/^PTTYPE=gpt$/m.test(stdout) && !/^(USAGE|TYPE|AMBIVALENT)=/m.test(stdout));
  }

  /** Whether systemd finds what the image policy asks for; versions before 254 cannot be asked. */
  judgeDissect(path: string, policy: string): Verdict | null {
    this.#dissectVersion ??=
      /^systemd (\d+)/.exec(this.run('systemd-dissect', ['--version']).stdout)?.[1] ?? '0';
    if (Number(this.#dissectVersion) < 254) return null;
    return verdict(
      this.run('systemd-dissect', ['--validate', `--image-policy=${policy}`, path]).status === 0,
    );
  }

  #dissectVersion: string | undefined;

  verity(data: string, tree: string, root: string): Verdict | null {
    const { status } = this.run('veritysetup', ['verify', data, tree, root]);
    return status === null ? null : verdict(status === 0);
  }

  #signaturePartition(bytes: Uint8Array, certificate: string | null): Verdict | null {
    const text = Buffer.from(bytes).toString('utf8').replace(/\0+$/, '');
    const said = z.object({ rootHash: z.string(), signature: z.string() }).parse(JSON.parse(text));
    return this.openssl(said.rootHash, Buffer.from(said.signature, 'base64'), certificate);
  }

  /** The command whose answer is systemd's: the signer is one of the certificates, and nothing more is asked of it. */
  openssl(hash: string, cms: Uint8Array, certificates: string | null): Verdict | null {
    const [message, content] = [this.write('p7s', cms), this.write('hash', hash)];
    const signers = certificates === null ? [] : ['-certfile', certificates];
    const how = ['-inform', 'DER', '-binary', '-nointern', '-noverify', ...signers];
    const { status } = this.run('openssl', ['smime', '-verify', ...how, '-in', message, '-content', content]);
    return status === null ? null : verdict(status === 0);
  }
}

/** A tool that the generators need is not installed, or too old. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

export function verdict(yes: boolean): Verdict {
  return yes ? 'accepted' : 'refused';
}

function cut(bytes: Uint8Array, { offset, length }: z.infer<typeof extent>): Uint8Array {
  return bytes.subarray(offset, offset + length);
}
