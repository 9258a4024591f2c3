import type { Command } from 'commander';

import { repeated } from './option-words.ts';

/** What commands that appraise take of what a verifier knows of hosts from before. */
export function addKnownLogOptions(command: Command, previous: string): Command {
  return command
    .option('--previous <file>', previous)
    .addOption(repeated('--firmware-log <file>', 'a firmware log that hosts need not send; may be repeated'))
    .addOption(
      repeated(
        '--known-boot-digest <sha256>',
        'an archive of extensions beside the kernel that may have been booted; may be repeated',
      ),
    );
}
