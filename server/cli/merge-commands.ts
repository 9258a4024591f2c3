import type { Command } from 'commander';

import {
  example,
  extensionClass,
  type Finish,
  json,
  policy,
  policyTrust,
  root,
  tcti,
} from './option-words.ts';
import type { Output } from './output.ts';

/** What a host does with its extensions: decide, merge, look at what is merged. */
export function defineMerging(program: Command, output: Output, finish: Finish): void {
  gateOptions(
    program
      .command('gate')
      .description('Verify what systemd would merge, move away what is refused, measure the rest.'),
  )
    .addHelpText(...example('touchstone gate --policy /etc/touchstone/policy.yaml'))
    .action(async (options: object) => {
      const { gateHost } = await import('./commands/gate.ts');
      finish(await gateHost(options, output));
    });
  gateOptions(
    program
      .command('status')
      .description(
        'Say what is merged, whether it is approved, and whether log and PCR agree; change nothing.',
      ),
  )
    .addHelpText(...example('touchstone status'))
    .action(async (options: object) => {
      const { showStatus } = await import('./commands/status.ts');
      finish(await showStatus(options, output));
    });
  defineQuarantine(program, output, finish);
  for (const [verb, description] of Object.entries(verbs))
    gateOptions(program.command(verb).description(description))
      .addHelpText(...example(`touchstone ${verb} --class sysext`))
      .action(async (options: object) => {
        const { changeMerge, isMergeVerb } = await import('./commands/merge.ts');
        if (isMergeVerb(verb)) finish(await changeMerge(verb, options, output));
      });
}

function defineQuarantine(program: Command, output: Output, finish: Finish): void {
  const quarantine = program.command('quarantine').description("What the gate moved out of systemd's sight.");
  quarantine
    .command('list')
    .description('Say what is there, where it was, and why it was moved.')
    .addOption(root())
    .addOption(json())
    .addHelpText(...example('touchstone quarantine list'))
    .action(async (options: object) => {
      const { showQuarantine } = await import('./commands/quarantine.ts');
      finish(await showQuarantine(options, output));
    });
  quarantine
    .command('restore')
    .description('Put images back where they were; the next gate judges them again.')
    .argument('<path...>', 'as quarantine list prints it')
    .addOption(root())
    .addOption(json())
    .addHelpText(
      ...example('touchstone quarantine restore /var/lib/touchstone/quarantine/sysext/…-tools.raw'),
    )
    .action(async (paths: readonly string[], options: object) => {
      const { restore } = await import('./commands/quarantine.ts');
      finish(await restore(paths, options, output));
    });
}

const verbs = {
  merge: 'Gate, merge by systemd, and confirm that what is merged is what was approved.',
  refresh: 'The same in place of what is merged.',
  unmerge: 'Unmerge, and measure that.',
  confirm: 'Compare what is merged with what would be approved; unmerge it if it differs.',
} as const;

function gateOptions(command: Command): Command {
  return command
    .addOption(policy().default(undefined, '/etc/touchstone/policy.yaml below the root'))
    .addOption(policyTrust())
    .addOption(extensionClass().default(undefined, 'both'))
    .option('--full', 'recompute every hash tree first, instead of leaving blocks to the kernel')
    .addOption(root())
    .addOption(tcti())
    .addOption(json());
}
