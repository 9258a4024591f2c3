import { type Command, Option } from 'commander';

/** The options of a command that gives a signed attestation result. */
export function addResultOptions(command: Command): Command {
  return command
    .option('--result <file>', 'also write the result, signed, as an EAT attestation result in a JWT')
    .option('--result-key <key>', 'the private key that signs it: P-256 or Ed25519, in PEM')
    .addOption(
      new Option('--result-profile <profile>', 'the names of its claims')
        .choices(['veraison', 'ietf'])
        .default('veraison'),
    )
    .option('--result-host <name>', 'what it calls the host', 'host')
    .option('--result-lifetime <seconds>', 'how long it can be used', '300');
}
