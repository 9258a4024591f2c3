import type { Command } from 'commander';

import { addKnownLogOptions } from './known-log-options.ts';
import { json, labels, policy, policyTrust, trust } from './option-words.ts';
import { addResultOptions } from './result-options.ts';

/** The options of commands that appraise evidence; `previous` says what earlier evidence is for. */
export function addAppraisalOptions(command: Command, previous: string): Command {
  command
    .requiredOption('--identity <file>', "the host's enrolment record, by touchstone enroll")
    .addOption(policy())
    .addOption(policyTrust())
    .addOption(trust())
    .option('--appraisal-policy <file>', 'the AppraisalPolicy: what the host must prove besides')
    .addOption(labels())
    .addOption(json());
  return addResultOptions(addKnownLogOptions(command, previous));
}
