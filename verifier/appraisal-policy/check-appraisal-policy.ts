import { type Reason, reason } from '../reasons.ts';
import type { AppraisalPolicy, HostRule } from './appraisal-policy.ts';
import { checkBoot } from './check-boot.ts';
import { checkClock } from './check-clock.ts';
import {
  checkExtensionPolicy,
  checkImmutable,
  checkMerged,
  checkRequiredExtensions,
} from './check-extensions.ts';
import { checkEnrolment, checkTpmFirmware } from './check-host-identity.ts';
import { checkFirmwareLog, checkPcrs, checkUnexplained } from './check-pcrs.ts';
import { checkSecureBoot } from './check-secure-boot.ts';
import type { Objection } from './objection.ts';
import type { ProvedHost } from './proved-host.ts';
import type { Requirement } from './requirement-schema.ts';

/** What a policy about hosts says of one. */
export interface HostVerdict extends HostFindings {
  /** All of them, in order: those that are not about the host too. */
  readonly rules: readonly JudgedRule[];
}

interface HostFindings {
  /** Why it is not trusted; none: nothing that the policy requires fails. */
  readonly reasons: readonly Reason[];
  /** What fails of that which the policy only warns of. Changes no answer. */
  readonly warnings: readonly Reason[];
}

/** A rule and what became of it. */
export interface JudgedRule extends HostFindings {
  readonly name: string;
  readonly at: string;
  /** Why it is not about the host, in words that follow "the rule"; none: it is. */
  readonly mismatches: readonly string[];
}

/**
 * Decides whether a host proved what the policy asks. Every rule that is about the host counts: a further rule can only ask for more.
 * Reasons of the code `fact-unknown` are about what the evidence does not tell; all others are about what it tells. Total.
 *
 * @param labels of the host, as the verifier knows them.
 */
export function checkAppraisalPolicy(
  policy: AppraisalPolicy,
  host: ProvedHost,
  labels: ReadonlyMap<string, string>,
): HostVerdict {
  const rules = policy.rules.map((rule) => judgeRule(policy, rule, host, labels));
  const about = rules.filter(({ mismatches }) => mismatches.length === 0);
  // A host that somebody forgot is none that everything is allowed to.
  const uncovered = reason(
    'host-not-covered',
    `No rule of the appraisal policy "${policy.name}" is about a host with these labels.`,
  );
  return {
    reasons: about.length === 0 ? [uncovered] : about.flatMap(({ reasons }) => reasons),
    warnings: about.flatMap(({ warnings }) => warnings),
    rules,
  };
}

function judgeRule(
  policy: AppraisalPolicy,
  rule: HostRule,
  host: ProvedHost,
  labels: ReadonlyMap<string, string>,
): JudgedRule {
  const { name, at, path } = rule;
  const mismatches = labelMismatches(rule, labels);
  const judge = (part: 'require' | 'warn'): readonly Reason[] =>
    mismatches.length > 0 || rule[part] === null
      ? []
      : objections(rule[part], host, policy).map((one) =>
          reason(one.code, one.message, policy.document.at([...path, part, ...one.path])),
        );
  return { name, at, mismatches, reasons: judge('require'), warnings: judge('warn') };
}

function objections(requirement: Requirement, host: ProvedHost, { dbx }: AppraisalPolicy): Objection[] {
  return [
    ...checkEnrolment(requirement, host),
    ...checkTpmFirmware(requirement, host),
    ...checkPcrs(requirement, host),
    ...checkFirmwareLog(requirement, host),
    ...checkUnexplained(requirement, host),
    ...checkSecureBoot(requirement, host, dbx),
    ...checkBoot(requirement, host),
    ...checkExtensionPolicy(requirement, host),
    ...checkRequiredExtensions(requirement, host),
    ...checkMerged(requirement, host),
    ...checkImmutable(requirement, host),
    ...checkClock(requirement, host),
  ];
}

function labelMismatches({ labels: wanted }: HostRule, labels: ReadonlyMap<string, string>): string[] {
  return [...wanted].flatMap(([label, values]) => {
    const value = labels.get(label);
    if (value !== undefined && values.includes(value)) return [];
    const found = value === undefined ? 'the host has no such label' : `the host's is ${value}`;
    return [`is about hosts with the label ${label}: ${values.join(' or ')}, and ${found}`];
  });
}
