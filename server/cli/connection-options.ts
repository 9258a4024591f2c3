import { type Command, Option } from 'commander';

export const tlsKeySha256 = (): Option =>
  new Option(
    '--tls-key-sha256 <digest>',
    'the TLS key that the evidence must be made for; none for plain HTTP',
  );

/** The options of a server that speaks TLS: all of them, or none. */
export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls-certificate <file>', "the server's certificate and those up to its issuer, in PEM")
    .option('--tls-key <file>', 'its private key')
    .option('--client-ca <file>', 'who issues the certificates of clients');
}

/** The options of a command that asks an endpoint. */
export function addCredentialOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'who issues the certificates of hosts, for an https URL')
    .option('--certificate <file>', 'our certificate and those up to its issuer, in PEM')
    .option('--key <file>', 'its private key');
}
