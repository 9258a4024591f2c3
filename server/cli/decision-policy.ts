import { dirname, resolve } from 'node:path';

import { loadPolicy } from '../../verifier/policy/load.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import { trustOnlyPolicy } from '../../verifier/policy/trust-only-policy.ts';
import { parseCertificates } from '../../verifier/trust/certificate.ts';
import { readBounded } from '../os/durable-file.ts';
import { type Output, printable, UsageError } from './output.ts';

const maximumFileBytes = 1024 * 1024;

/** Reads a file the user named, at most 1 MiB. @throws CouldNotDecide if it cannot be read. */
export function readUserFile(path: string): Promise<Uint8Array> {
  return readBounded(path, maximumFileBytes);
}

/**
 * Reads an ExtensionPolicy with the certificates it names, and says on stderr what in it is hardly meant.
 *
 * @throws PolicyInvalid with every problem found.
 */
export async function readPolicy(path: string, { err }: Output): Promise<Policy> {
  const policy = await loadPolicy({
    text: await readUserFile(path),
    path,
    readCertificate: (file) => readUserFile(resolve(dirname(path), file)),
  });
  for (const { at, message } of policy.warnings)
    err(`touchstone: ${printable(`${at}: warning: ${message}`)}\n`);
  return policy;
}

/**
 * The policy of a command that takes `--policy` or `--trust`. Both at once are refused: whether the second widens or
 * narrows the first is not to be guessed.
 */
export async function decisionPolicy(
  options: { readonly policy?: string | undefined; readonly trust: readonly string[] },
  output: Output,
): Promise<Policy> {
  if (options.policy !== undefined && options.trust.length > 0) {
    throw new UsageError('give --policy or --trust, not both: a policy names its own trust anchors');
  }
  if (options.policy !== undefined) return readPolicy(options.policy, output);
  if (options.trust.length === 0) throw new UsageError('give --policy FILE, or --trust CERTIFICATE');
  const certificates = await Promise.all(
    options.trust.map(async (path) => parseCertificates(await readUserFile(path), path)),
  );
  return trustOnlyPolicy(certificates.flat());
}
