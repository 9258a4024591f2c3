import type { Command } from 'commander';

import { example, type Finish, json, policy, policyTrust } from './option-words.ts';
import type { Output } from './output.ts';

/** `touchstone policy ...`: the tools of who writes policies. */
export function definePolicy(program: Command, output: Output, finish: Finish): void {
  const group = program.command('policy').description('Write, test, compare and sign policies.');
  defineTest(group, output, finish);
  defineCompile(group, output, finish);
  defineSign(group, output, finish);
}

function defineTest(group: Command, output: Output, finish: Finish): void {
  group
    .command('test')
    .description('Run the test files of policies.')
    .argument('<test...>', 'PolicyTest files')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .addOption(json())
    .addHelpText(...example('touchstone policy test policies/tests/*.test.yaml'))
    .action(async (files: string[], options: object) => {
      const { testPolicies } = await import('./commands/policy-test.ts');
      finish(await testPolicies(files, options, output));
    });
}

function defineCompile(group: Command, output: Output, finish: Finish): void {
  group
    .command('compile')
    .description(
      'Write what else enforces the same decision: image policies, pcrlock variants, an IPE policy.',
    )
    .argument('[image...]', 'the images that pcrlock and IPE are to know')
    .addOption(policy().makeOptionMandatory())
    .addOption(policyTrust())
    .option('--systemd <version>', 'for this version of systemd only')
    .option('--output <directory>', 'write files there, instead of printing them')
    .addOption(json())
    .addHelpText(...example('touchstone policy compile --policy policy.yaml --output out tools.raw'))
    .action(async (images: string[], options: object) => {
      const { compilePolicy } = await import('./commands/policy-compile.ts');
      finish(await compilePolicy(images, options, output));
    });
}

function defineSign(group: Command, output: Output, finish: Finish): void {
  group
    .command('sign')
    .description('Make a detached PKCS#7 signature beside a policy.')
    .argument('<policy>', 'an ExtensionPolicy file')
    .requiredOption('--key <file>', 'the private key, PEM')
    .requiredOption(
      '--certificate <file>',
      'its certificate, PEM or DER; further ones are put into the signature',
    )
    .option('--output <file>', 'where to write it; else beside the policy, as its name with .p7s added')
    .addOption(json())
    .addHelpText(...example('touchstone policy sign policy.yaml --key team.key --certificate team.pem'))
    .action(async (file: string, options: object) => {
      const { signPolicy } = await import('./commands/policy-sign.ts');
      finish(await signPolicy(file, options, output));
    });
}
