import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { z } from 'zod';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { imagePolicy } from '../../verifier/authoring/image-policy.ts';
import { type Verdict, verdict } from './judges.ts';

/*
 * Asks systemd what the image policies mean that `touchstone policy compile` writes, and records it beside the code. From the root
 * of the repository, with systemd 254 or newer here, or (as root) in a tree made by debootstrap:
 *
 *     node dist/test-vectors/generate/image-policies.js
 *     node dist/test-vectors/generate/image-policies.js /srv/trixie
 */

export const imagePolicyVerdictsPath = join('verifier', 'authoring', 'image-policy-verdicts.json');

/** Vectors that stand for a kind of image each, and the names under which they and what is beside them are given to systemd. */
const vectors = {
  signedDdi: { 'image.raw': 'image/sysext-x86-64-rsa.raw.gz' },
  unsignedDdi: { 'image.raw': 'sidecar/gpt-unsigned.raw.gz' },
  signedSidecar: {
    'image.raw': 'sidecar/erofs.raw.gz',
    'image.verity': 'sidecar/erofs.verity.gz',
    'image.roothash': null,
    'image.roothash.p7s': 'sidecar/erofs.p7s',
  },
  bare: { 'image.raw': 'sidecar/erofs.raw.gz' },
} as const;

const sidecarRootHash = '6f35f66795cb73d4d69061851839c80dd40c261941344e3d11ff49cce32f3fc4\n';

const verdictShape = z.enum(['accepted', 'refused']);
const answerShape = z.strictObject({
  policy: z.string(),
  /** As `systemd-analyze image-policy` spells it out; null: it is not a policy. */
  longForm: z.string().nullable(),
  /** By `systemd-dissect --validate`. */
  images: z.strictObject({
    signedDdi: verdictShape,
    unsignedDdi: verdictShape,
    signedSidecar: verdictShape,
    bare: verdictShape,
  }),
});
export type ImagePolicyAnswer = z.infer<typeof answerShape>;

const recordShape = z.strictObject({
  generator: z.string(),
  systemd: z.string(),
  policies: z.array(answerShape),
});

/** Every image policy that is ever written. */
export const imagePolicies = [true, false].flatMap((signed) =>
  [true, false].map((bare) => imagePolicy({ signed, bare, directory: false })),
);

export function readImagePolicyVerdicts(): z.infer<typeof recordShape> {
  return recordShape.parse(JSON.parse(readFileSync(imagePolicyVerdictsPath, 'utf8')));
}

function ask(system: string, command: readonly string[]) {
  const [tool = '', ...args] = system === '/' ? command : ['chroot', system, ...command];
  return spawnSync(tool, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, timeout: 30_000 });
}

/** Which systemd is asked, as it says itself; null if it knows no image policies, or is not there. */
export function systemdWithImagePolicies(system: string): string | null {
  if (ask(system, ['systemd-analyze', 'image-policy', '*']).status !== 0) return null;
  return /^systemd .*$/m.exec(ask(system, ['systemd-dissect', '--version']).stdout)?.[0] ?? null;
}

/** What systemd makes of a policy, and whether each kind of image passes under it. */
export function askAboutImagePolicy(system: string, policy: string): ImagePolicyAnswer {
  const analyzed = ask(system, ['systemd-analyze', 'image-policy', policy]);
  const longForm = /^ *(?:Long form|Analyzing policy): (\S+)\n(?! *Long form)/m.exec(analyzed.stdout)?.[1];
  return {
    policy,
    longForm: analyzed.status === 0 ? (longForm ?? null) : null,
    images: {
      signedDdi: dissect(system, policy, 'signedDdi'),
      unsignedDdi: dissect(system, policy, 'unsignedDdi'),
      signedSidecar: dissect(system, policy, 'signedSidecar'),
      bare: dissect(system, policy, 'bare'),
    },
  };
}

function dissect(system: string, policy: string, kind: keyof typeof vectors): Verdict {
  const directory = mkdtempSync(join(system, tmpdir(), 'touchstone-image-policy-'));
  try {
    for (const [name, vector] of Object.entries(vectors[kind]))
      writeFileSync(join(directory, name), vector === null ? sidecarRootHash : readVector(vector));
    const path = join('/', relative(system, directory), 'image.raw');
    return verdict(
      ask(system, ['systemd-dissect', '--validate', `--image-policy=${policy}`, path]).status === 0,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function readVector(path: string): Uint8Array {
  const bytes = readFileSync(join('test-vectors', path));
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

function main(system: string): void {
  const systemd = systemdWithImagePolicies(system);
  if (systemd === null) throw new CouldNotDecide(`there is no systemd with image policies in ${system}`);
  const record = {
    generator: 'test-vectors/generate/image-policies.ts',
    systemd,
    policies: imagePolicies.map((policy) => askAboutImagePolicy(system, policy)),
  };
  writeFileSync(imagePolicyVerdictsPath, `${JSON.stringify(recordShape.parse(record), null, 2)}\n`);
}

if (import.meta.filename === process.argv[1]) main(process.argv[2] ?? '/');
