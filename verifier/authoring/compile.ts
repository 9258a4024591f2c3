import type { Approval, ExtensionClass } from '../image-verdict.ts';
import type { Policy } from '../policy/policy.ts';
import { compileDropIns } from './compile-drop-ins.ts';
import type { CompiledFile } from './compiled-file.ts';
import { admittedForms } from './image-policy.ts';
import { compileIpePolicy, hasHashTree } from './ipe-policy.ts';
import { compilePcrlock } from './pcrlock.ts';

export interface CompileInput {
  readonly policy: Policy;
  /** The major version of systemd that the drop-ins are for; null: any. */
  readonly systemd: number | null;
  /** Of the images that are given; empty: of none in particular. */
  readonly approvals: readonly Approval[];
  /** The lines that the gate measures when it approves exactly these. */
  readonly events: readonly string[];
}

export interface Compiled {
  /** The same for the same input, in the same order. */
  readonly files: readonly CompiledFile[];
  /** What is looser or tighter there than the policy, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * What else enforces the decision of a policy: drop-ins for systemd, an IPE policy for the kernel and, for the set of images
 * given, what systemd-pcrlock has to expect in the PCR. None of them knows names, versions or chains of certificates: each is a
 * second line behind the gate, not a replacement for it.
 *
 * @throws Unsupported for a systemd or a version of the policy that this cannot be done for.
 */
export function compileEnforcement({ policy, systemd, approvals, events }: CompileInput): Compiled {
  return {
    files: [
      ...compileDropIns(policy, systemd),
      ...(approvals.length === 0 ? [] : [compilePcrlock(policy, events)]),
      compileIpePolicy(policy, approvals),
    ],
    warnings: [
      ...warnOfAudit(policy),
      ...(['sysext', 'confext'] as const).flatMap((name) => warnOfForms(policy, name)),
      ...warnOfTreeless(approvals),
    ],
  };
}

function warnOfAudit({ mode }: Policy): string[] {
  return mode === 'audit'
    ? ['the policy is in audit mode and refuses nothing; what was compiled from it does, once it is in place']
    : [];
}

function warnOfForms(policy: Policy, name: ExtensionClass): string[] {
  const { bare, directory } = admittedForms(policy, name);
  return [
    ...(bare
      ? [
          `rules admit bare file systems as ${name} by their digests, for which systemd has no word: its image policy now has "unprotected", so that it merges any ${name} image without a hash tree, and only the gate keeps others out`,
        ]
      : []),
    ...(directory
      ? [
          `rules admit directories as ${name}; no image policy is about directories: systemd merges every one it finds, and only the gate keeps others out`,
        ]
      : []),
  ];
}

function warnOfTreeless(approvals: readonly Approval[]): string[] {
  return approvals
    .filter((approval) => !hasHashTree(approval))
    .map(
      ({ class: extensionClass, name }) =>
        `the ${extensionClass} "${name}" has no hash tree: under the IPE policy nothing in it can be executed`,
    );
}
