import { resolve } from 'node:path';

import { z } from 'zod';

import { compileEnforcement } from '../../../verifier/authoring/compile.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { compareVersions } from '../../../verifier/image/version-order.ts';
import type { Approval, ImageVerdict } from '../../../verifier/image-verdict.ts';
import type { Policy } from '../../../verifier/policy/policy.ts';
import { noHost } from '../../host/host-knowledge.ts';
import { eventsOf } from '../../host/measure-set.ts';
import { now } from '../../os/clock.ts';
import { writeCompiled } from '../compiled-files.ts';
import { readPolicy } from '../decision-policy.ts';
import { findNamedImage, verifyNamed } from '../named-image.ts';
import { type ExitCode, exitCodes, jsonText, type Output, printable, UsageError } from '../output.ts';
import { makeProgress } from '../progress.ts';
import { toVerdictDocument, verdictText } from '../verdict-report.ts';

const shape = z.object({
  policy: z.string(),
  policyTrust: z.array(z.string()).default([]),
  systemd: z
    .string()
    .regex(/^\d{1,4}(?:[.~-].*)?$/, 'is not a version of systemd, such as 257')
    .optional(),
  output: z.string().optional(),
  json: z.boolean().default(false),
});

/** `touchstone policy compile`: writes what else enforces the decision of a policy. Nothing, if an image given is refused. */
export async function compilePolicy(
  images: readonly string[],
  raw: object,
  output: Output,
): Promise<ExitCode> {
  const options = parseShape(shape, raw, 'options');
  const policy = await readPolicy(options.policy, options, output);
  const approvals = await approve(images, policy, output);
  if (approvals === null) return exitCodes.no;
  const { files, warnings } = compileEnforcement({
    ...{ policy, approvals, events: gateEvents(policy, approvals) },
    systemd: options.systemd === undefined ? null : Number.parseInt(options.systemd, 10),
  });
  for (const warning of warnings) output.err(`touchstone: warning: ${printable(warning)}\n`);
  if (options.output !== undefined) await writeCompiled(options.output, files);
  if (options.json) output.out(jsonText(files));
  else if (options.output === undefined)
    for (const { path, content } of files) output.out(`==> ${path} <==\n${content}\n`);
  else for (const { path } of files) output.out(`${printable(resolve(options.output, path))}\n`);
  return exitCodes.yes;
}

/** The approvals of all images, in layer order; null if one is refused, which is said on stderr. */
async function approve(
  images: readonly string[],
  policy: Policy,
  output: Output,
): Promise<readonly Approval[] | null> {
  const approvals: Approval[] = [];
  let refused = false;
  for (const image of images) {
    const verdict = await verifyOne(image, policy, output);
    if (verdict.approval === null) {
      output.err(verdictText(toVerdictDocument(image, verdict, 0)));
      refused = true;
    } else approvals.push(verdict.approval);
  }
  checkNames(approvals);
  return refused
    ? null
    : approvals.sort((a, b) => compareVersions(a.name, b.name) || (a.name < b.name ? -1 : 1));
}

async function verifyOne(given: string, policy: Policy, output: Output): Promise<ImageVerdict> {
  const image = await findNamedImage(given, undefined);
  const progress = makeProgress(image.path, output);
  try {
    return await verifyNamed(image, {
      // The whole tree: what is allowed here by its root hash is hashed by nobody again.
      ...{ policy, now: now(), full: true, onProgress: progress.show },
      ...noHost,
    });
  } finally {
    progress.clear();
  }
}

/** systemd merges one image of a name, so that two are never in one set. */
function checkNames(approvals: readonly Approval[]): void {
  const names = approvals.map(({ class: extensionClass, name }) => `${extensionClass} ${name}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UsageError(
      `two images are both named ${printable(twice)}, and only one of them can be merged: compile once for each`,
    );
}

/** What the gate measures when it finds these images and no others. */
function gateEvents(policy: Policy, approvals: readonly Approval[]): readonly string[] {
  return eventsOf(
    policy,
    (['sysext', 'confext'] as const).map((name) => ({
      class: name,
      approvals: approvals.filter((approval) => approval.class === name),
    })),
  );
}
