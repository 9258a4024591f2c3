import type { Command } from 'commander';

import {
  example,
  extensionClass,
  type Finish,
  json,
  labels,
  policy,
  policyTrust,
  repeated,
} from './option-words.ts';
import type { Output } from './output.ts';

/** `touchstone policy ...`: the tools of who writes policies. */
export function definePolicy(program: Command, output: Output, finish: Finish): void {
  const group = program.command('policy').description('Write, test, compare and sign policies.');
  defineCheck(group, output, finish);
  defineTest(group, output, finish);
  defineExplain(group, output, finish);
  defineDiff(group, output, finish);
  defineInit(group, output, finish);
  defineCompile(group, output, finish);
  defineSign(group, output, finish);
}

function defineCheck(group: Command, output: Output, finish: Finish): void {
  group
    .command('check')
    .description('Find what is wrong with a policy, and what its author hardly means.')
    .argument('<policy>', 'an ExtensionPolicy or AppraisalPolicy file')
    .addOption(
      repeated(
        '--images <directory>',
        'find rules whose names match none of the images there; may be repeated',
      ),
    )
    .option('--within <days>', 'warn of certificates and lists that expire so soon', '30')
    .addOption(json())
    .addHelpText(...example('touchstone policy check policy.yaml --images /var/lib/extensions'))
    .action(async (file: string, options: object) => {
      const { checkPolicyFile } = await import('./commands/policy-check.ts');
      finish(await checkPolicyFile(file, options, output));
    });
}

function defineTest(group: Command, output: Output, finish: Finish): void {
  group
    .command('test')
    .description('Run the test files of policies.')
    .argument('<test...>', 'PolicyTest and AppraisalPolicyTest files')
    .option('--junit <file>', 'also write the results as JUnit XML')
    .addOption(json())
    .addHelpText(...example('touchstone policy test policies/tests/*.test.yaml'))
    .action(async (files: string[], options: object) => {
      const { testPolicies } = await import('./commands/policy-test.ts');
      finish(await testPolicies(files, options, output));
    });
}

function defineExplain(group: Command, output: Output, finish: Finish): void {
  group
    .command('explain')
    .description(
      'Go through the rules with one image, or an AppraisalPolicy with evidence: what matched, what failed, and why.',
    )
    .argument('<subject>', 'an image file or directory; evidence, if the policy is an AppraisalPolicy')
    .addOption(policy().makeOptionMandatory())
    .addOption(policyTrust())
    .addOption(extensionClass().default(undefined, 'by file name or directory, else sysext'))
    .option('--host <directory>', 'the host that the image is for, / for this one')
    .addOption(labels())
    .option('--full', 'recompute the whole hash tree')
    .option('--identity <file>', "for evidence: the host's enrolment record")
    .option('--previous <file>', 'for evidence: earlier evidence of the host')
    .option('--pcr <number>', 'for evidence: the PCR that extensions are measured into', '13')
    .addOption(json())
    .addHelpText(...example('touchstone policy explain --policy policy.yaml tools.raw'))
    .action(async (image: string, options: object) => {
      const { explainSubject } = await import('./commands/policy-explain.ts');
      finish(await explainSubject(image, options, output));
    });
}

function defineDiff(group: Command, output: Output, finish: Finish): void {
  group
    .command('diff')
    .description('Say which images change verdict from one policy to another; without images, what differs.')
    .argument('<old>', 'the policy in force')
    .argument('<new>', 'the policy to come')
    .argument('[image...]', 'images, or directories of images')
    .addOption(labels())
    .addOption(json())
    .addHelpText(...example('touchstone policy diff old.yaml new.yaml /var/lib/extensions'))
    .action(async (old: string, next: string, images: string[], options: object) => {
      const { diffPolicies } = await import('./commands/policy-diff.ts');
      finish(await diffPolicies(old, next, images, options, output));
    });
}

function defineInit(group: Command, output: Output, finish: Finish): void {
  group
    .command('init')
    .description('Write the tightest policy that accepts the images of a directory.')
    .argument('<directory>', 'where the images are')
    .option('--name <name>', 'the name of the policy', 'extensions')
    .addOption(extensionClass().default(undefined, 'by file name or directory, else sysext'))
    .addOption(
      repeated(
        '--trust <certificate>',
        "a signer's own certificate, where the signature does not carry it; may be repeated",
      ),
    )
    .option('--output <file>', 'write the policy here and certificates beside it, instead of printing it')
    .addOption(json())
    .addHelpText(...example('touchstone policy init /var/lib/extensions --output policy.yaml'))
    .action(async (directory: string, options: object) => {
      const { initPolicy } = await import('./commands/policy-init.ts');
      finish(await initPolicy(directory, options, output));
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
    .argument('<policy>', 'an ExtensionPolicy or AppraisalPolicy file')
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
