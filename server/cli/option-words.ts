import { Option } from 'commander';

import type { ExitCode } from './output.ts';

/** Takes the exit code of the command that ran. */
export type Finish = (code: ExitCode) => void;

/* Options that several commands share: one name, one meaning. */

export const json = (): Option => new Option('--json', 'print one JSON document on stdout');
export const policy = (): Option => new Option('--policy <file>', 'the ExtensionPolicy that decides');
export const root = (): Option =>
  new Option('--root <directory>', 'a whole host under a directory').default('/');
export const extensionClass = (): Option =>
  new Option('--class <class>', 'one class only').choices(['sysext', 'confext']);
export const tcti = (): Option =>
  new Option('--tcti <tcti>', "the TPM, in tpm2-tools' words").env('TPM2TOOLS_TCTI');
export const trust = (): Option =>
  repeated(
    '--trust <certificate>',
    'accept what this certificate signed, or one issued under it; may be repeated',
  );

export const policyTrust = (): Option =>
  repeated(
    '--policy-trust <certificate>',
    'take only a policy signed by this certificate, or by one issued under it; may be repeated',
  );
export const labels = (): Option =>
  new Option('--labels <file>', 'the labels of the host, as policies ask for them');

/** Text after the help of a command. */
export function example(text: string): [position: 'after', text: string] {
  return ['after', `\nExample:\n  ${text}\n`];
}

/** An option that may be given several times. */
export function repeated(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'none');
}
