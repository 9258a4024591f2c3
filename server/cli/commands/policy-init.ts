import { dirname, join } from 'node:path';

import { z } from 'zod';

import { composePolicy, type InitialPolicy } from '../../../verifier/authoring/init-policy.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { loadPolicy } from '../../../verifier/policy/load.ts';
import { nameWord } from '../../../verifier/policy/schema-words.ts';
import { type Certificate, parseCertificates } from '../../../verifier/trust/certificate.ts';
import { entryExists } from '../../os/directory.ts';
import { readUserFile } from '../decision-policy.ts';
import { findImage, type InitFinding } from '../init-finding.ts';
import { listImages } from '../listed-images.ts';
import { writeNewFiles } from '../new-files.ts';
import { type ExitCode, exitCodes, jsonText, type Output, UsageError } from '../output.ts';
import {
  type InitDocument,
  type InitImageDocument,
  initText,
  leftOutLines,
  toCertificateDocument,
} from '../policy-init-report.ts';

const shape = z.object({
  name: nameWord.default('extensions'),
  class: z.enum(['sysext', 'confext']).optional(),
  trust: z.array(z.string()).default([]),
  output: z.string().optional(),
  json: z.boolean().default(false),
});

/**
 * `touchstone policy init`: the tightest policy that accepts the images of a directory. Exit code 1 if some of them no policy
 * can admit, 3 if some cannot be read; the policy is about the others then.
 */
export async function initPolicy(directory: string, raw: object, output: Output): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const target = options.output;
  // Before anything is hashed, which may take long.
  if (target !== undefined && (await entryExists(target)))
    throw new UsageError(`${target} exists already, and is left as it is; give another name`);
  const certificates = await readCertificates(options.trust);
  const listed = await listImages(directory, options.class);
  if (listed.length === 0) throw new UsageError(`there are no images in ${directory}`);
  const findings: InitFinding[] = [];
  for (const image of listed) findings.push(await findImage(image, listed, certificates, output));
  const admitted = findings.flatMap(({ image, found }) =>
    'signers' in found ? [{ ...found, path: image.path }] : [],
  );
  const policy =
    admitted.length === 0 ? null : composePolicy(admitted, { name: options.name, source: directory });
  if (policy !== null) await checkLoads(policy, target ?? 'policy.yaml');
  if (policy !== null && target !== undefined) await write(policy, target);
  report(toDocument(findings, policy, target), options.json, output);
  return exitCodeOf(findings);
}

async function readCertificates(paths: readonly string[]): Promise<readonly Certificate[]> {
  const all: Certificate[] = [];
  for (const path of paths) all.push(...parseCertificates(await readUserFile(path), path));
  return all;
}

/** A policy that would not load must not be written. @throws PolicyInvalid, for one that is too large for example. */
async function checkLoads({ text, certificates }: InitialPolicy, path: string): Promise<void> {
  const read = (name: string): Promise<Uint8Array> =>
    Promise.resolve(Buffer.from(certificates.find(({ file }) => file === name)?.pem ?? ''));
  await loadPolicy({ text: Buffer.from(text), path, files: { read, list: () => Promise.resolve([]) } });
}

// The policy last: it is not there before what it names.
async function write({ text, certificates }: InitialPolicy, target: string): Promise<void> {
  await writeNewFiles([
    ...certificates.map(({ file, pem }) => ({
      path: join(dirname(target), file),
      text: pem,
      mayExist: true,
    })),
    { path: target, text, mayExist: false },
  ]);
}

function toDocument(
  findings: readonly InitFinding[],
  policy: InitialPolicy | null,
  target: string | undefined,
): InitDocument {
  const rules = [...(policy?.rules ?? [])];
  return {
    output: policy === null ? null : (target ?? null),
    policy: policy?.text ?? null,
    certificates: policy?.certificates.map(toCertificateDocument) ?? [],
    images: findings.map((finding) => toImageDocument(finding, rules)),
  };
}

/** Takes the first of the rules that are left, if it is about this image. */
function toImageDocument({ image, found }: InitFinding, rules: string[]): InitImageDocument {
  const common = { image: image.path, ...image.name };
  if (!('signers' in found)) {
    const { reasons, decided } = found;
    const nothing = { form: null, version: null, rootHash: null, signers: [], rule: null };
    return { ...common, outcome: decided ? 'left out' : 'error', ...nothing, reasons };
  }
  const { form, version, rootHash, signers } = found;
  const rule = rules.shift() ?? null;
  const fingerprints = signers.map(({ sha256 }) => sha256);
  return {
    ...common,
    outcome: 'admitted',
    form,
    version,
    rootHash,
    signers: fingerprints,
    rule,
    reasons: [],
  };
}

function report(document: InitDocument, json: boolean, { out, err }: Output): void {
  const { output, policy, certificates } = document;
  if (json || output !== null || policy === null) {
    out(json ? jsonText(document) : initText(document));
    return;
  }
  out(policy);
  for (const line of leftOutLines(document)) err(`touchstone: left out: ${line}\n`);
  if (certificates.length > 0)
    err('touchstone: the certificates were not written; give --output FILE, and they are put beside it\n');
}

function exitCodeOf(findings: readonly InitFinding[]): ExitCode {
  const failed = findings.flatMap(({ found }) => ('decided' in found ? [found.decided] : []));
  if (failed.includes(false)) return exitCodes.couldNotDecide;
  return failed.length > 0 ? exitCodes.no : exitCodes.yes;
}
