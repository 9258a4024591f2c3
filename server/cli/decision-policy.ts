import { resolve } from 'node:path';

import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { checkPolicySignature } from '../../verifier/policy/policy-signature.ts';
import { PolicyInvalid } from '../../verifier/policy/policy-text.ts';
import { trustOnlyPolicy } from '../../verifier/policy/trust-only-policy.ts';
import { type Certificate, parseCertificates } from '../../verifier/trust/certificate.ts';
import { policyFiles } from '../host/policy-files.ts';
import { now } from '../os/clock.ts';
import { readBounded, readIfPresent } from '../os/durable-file.ts';
import { type Output, printable, UsageError } from './output.ts';

const maximumFileBytes = 1024 * 1024;

/** Reads a file the user named, at most 1 MiB. @throws CouldNotDecide if it cannot be read. */
export function readUserFile(path: string): Promise<Uint8Array> {
  return readBounded(path, maximumFileBytes);
}

export interface PolicyReading {
  /** Certificates of which one must have signed the policy, or issued the one that did; none: it need not be signed. */
  readonly policyTrust: readonly string[];
  /** Of the host that the policy is for, below which the files are that it names by absolute paths. */
  readonly root?: string;
}

/**
 * Reads an ExtensionPolicy with the files it names, and says on stderr what in it is hardly meant.
 *
 * @throws PolicyInvalid with every problem found; also if it is not signed as it must be.
 */
export async function readPolicy(
  path: string,
  { policyTrust, root = '/' }: PolicyReading,
  { err }: Output,
): Promise<Policy> {
  const text = await readUserFile(path);
  await requirePolicySignature(path, text, policyTrust);
  const policy = await loadPolicy({ text, path, files: policyFiles(path, root) });
  for (const { at, message } of policy.warnings)
    err(`touchstone: ${printable(`${at}: warning: ${message}`)}\n`);
  return policy;
}

/** Where the signature of a policy is. */
export function signaturePath(policy: string): string {
  return `${policy}.p7s`;
}

/**
 * Checks the signature beside a policy, of whichever kind.
 *
 * @param policyTrust as in `PolicyReading`. @throws PolicyInvalid if it is not as these certificates want it.
 */
export async function requirePolicySignature(
  path: string,
  text: Uint8Array,
  policyTrust: readonly string[],
): Promise<void> {
  if (policyTrust.length === 0) return;
  const certificates = await readCertificates(policyTrust);
  const cms = await readIfPresent('/', resolve(signaturePath(path)), maximumFileBytes);
  const reasons = checkPolicySignature(text, cms, certificates, now());
  if (reasons.length > 0)
    throw new PolicyInvalid(
      reasons.map(({ code, message }) => ({
        message: `the policy is not signed as --policy-trust wants it (${code}): ${message}`,
        at: `${path}:1:1`,
      })),
    );
}

export async function readCertificates(paths: readonly string[]): Promise<readonly Certificate[]> {
  const all = await Promise.all(paths.map(async (path) => parseCertificates(await readUserFile(path), path)));
  return all.flat();
}

/**
 * The policy of a command that takes `--policy` or `--trust`. Both at once are refused: whether the second widens or
 * narrows the first is not to be guessed.
 */
export async function decisionPolicy(
  options: {
    readonly policy?: string | undefined;
    readonly trust: readonly string[];
    readonly policyTrust: readonly string[];
  },
  output: Output,
): Promise<Policy> {
  const { policy, trust, policyTrust } = options;
  if (policy !== undefined && trust.length > 0)
    throw new UsageError('give --policy or --trust, not both: a policy names its own trust anchors');
  if (policy !== undefined) return readPolicy(policy, { policyTrust }, output);
  if (policyTrust.length > 0) throw new UsageError('--policy-trust is about a policy; give --policy FILE');
  if (trust.length === 0) throw new UsageError('give --policy FILE, or --trust CERTIFICATE');
  return trustOnlyPolicy(await readCertificates(trust));
}
