import type { Command } from 'commander';

import { addTlsOptions } from './connection-options.ts';
import { example, type Finish, json, policyTrust, root } from './option-words.ts';
import type { Output } from './output.ts';

/** `touchstone install` and `uninstall`. */
export function definePackaging(program: Command, output: Output, finish: Finish): void {
  const command = program
    .command('install')
    .description(
      "Put Touchstone in front of what merges extensions: drop-ins for systemd's units, the endpoint.",
    )
    .option('--no-endpoint', 'without the service of the endpoint')
    .option(
      '--listen <address:port>',
      'where the endpoint listens: a loopback address, with TLS any',
      '127.0.0.1:7431',
    )
    .addOption(policyTrust())
    .option('--tpm <yes|no|auto>', "whether a boot waits for the TPM's device", 'auto')
    .addOption(root())
    .option('--force', 'also replace files that somebody changed')
    .option('--dry-run', 'print what would be written, and write nothing')
    .addOption(json());
  addTlsOptions(command)
    .addHelpText(...example('touchstone install --dry-run'))
    .action(async (options: object) => {
      const { install } = await import('./commands/install.ts');
      finish(await install(options, output));
    });
  program
    .command('uninstall')
    .description('Remove what install wrote, but for what was changed since.')
    .addOption(root())
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .addOption(json())
    .addHelpText(...example('touchstone uninstall'))
    .action(async (options: object) => {
      const { uninstall } = await import('./commands/uninstall.ts');
      finish(await uninstall(options, output));
    });
}
