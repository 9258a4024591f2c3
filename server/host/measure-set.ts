import type { Hex } from '../../verifier/bytes/hex.ts';
import { encodeExtensionEvent, setDigest } from '../../verifier/measurement/extension-event.ts';
import type { ExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import type { Policy } from '../../verifier/policy/policy.ts';
import type { Approval, ExtensionClass, ImageVerdict } from '../../verifier/image-verdict.ts';

/** The extensions of one class that were approved, in layer order, lowest first. */
export interface ApprovedSet {
  readonly class: ExtensionClass;
  readonly approvals: readonly Approval[];
}

/** The events that measure `sets` under `policy`, in the order in which they extend the PCR. */
export function eventsOf(policy: Policy, sets: readonly ApprovedSet[]): string[] {
  const { name, version, sha256 } = policy;
  const policyLine = encodeExtensionEvent({ type: 'policy', name, version: String(version), sha256 });
  return [policyLine, ...sets.flatMap((set) => [...extensionLines(set), setLine(set)])];
}

function extensionLines({ approvals }: ApprovedSet): string[] {
  return approvals.map((approval) =>
    encodeExtensionEvent({
      type: 'extension',
      class: approval.class,
      name: approval.name,
      version: approval.version,
      hashAlgorithm: approval.hashAlgorithm,
      rootHash: approval.rootHash,
      signer: approval.signer,
      rule: approval.rule,
    }),
  );
}

/** What is merged although the policy refuses it, as audit mode has it. */
export function violationLines(refused: readonly ImageVerdict[]): string[] {
  return refused.map(({ class: extensionClass, name, content, reasons }) =>
    encodeExtensionEvent({
      type: 'violation',
      class: extensionClass,
      code: reasons[0]?.code ?? 'unsupported',
      name,
      rootHash: content?.rootHash ?? '',
    }),
  );
}

/** As in the `touchstone-set` event that `eventsOf` gives for it. */
export function digestOf(set: ApprovedSet): Hex {
  return setDigest(extensionLines(set));
}

function setLine(set: ApprovedSet): string {
  const { class: extensionClass, approvals } = set;
  return encodeExtensionEvent({
    type: 'set',
    class: extensionClass,
    count: approvals.length,
    sha256: digestOf(set),
  });
}

/**
 * Whether the log already ends with exactly these sets under this policy, so that measuring them again would only
 * lengthen it. After a violation the answer is no: the state is to be measured afresh. In audit mode they are expected.
 *
 * @param violations those that would be measured now.
 */
export function alreadyMeasured(
  history: ExtensionHistory,
  policy: Policy,
  sets: readonly ApprovedSet[],
  violations: readonly string[],
): boolean {
  const known = history.violations.map(encodeExtensionEvent);
  return (
    (policy.mode === 'audit' || known.length === 0) &&
    violations.every((line) => known.includes(line)) &&
    sets.every((set) => {
      const last = history.sets.get(set.class);
      return (
        last?.state !== 'unmerged' && last?.sha256 === digestOf(set) && last.policy.sha256 === policy.sha256
      );
    })
  );
}
