import { Command, CommanderError } from 'commander';

import { addAppraisalOptions } from './appraisal-options.ts';
import { addCredentialOptions, addTlsOptions, tlsKeySha256 } from './connection-options.ts';
import {
  example,
  extensionClass,
  type Finish,
  json,
  labels,
  policy,
  policyTrust,
  repeated,
  root,
  tcti,
  trust,
} from './option-words.ts';
import { type ExitCode, exitCodes, type Output, printable } from './output.ts';
import { definePackaging } from './packaging-commands.ts';
import { defineMerging } from './merge-commands.ts';
import { definePolicy } from './policy-commands.ts';
import { productVersion } from './product-version.ts';

/**
 * The command line: options and help of every command. What a command does is imported when it is called, so that
 * `--help` and the merge hook load no more than they need.
 *
 * @returns the exit code.
 */
export async function runCommandLine(args: readonly string[], output: Output): Promise<ExitCode> {
  let code: ExitCode = exitCodes.yes;
  const program = define(output, (result) => (code = result));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.yes : exitCodes.usage;
    const { describeFailure } = await import('./failure.ts');
    const failure = describeFailure(error);
    output.err(`touchstone: ${failure.lines.map(printable).join('\n')}\n`);
    return failure.code;
  }
}

function define(output: Output, finish: Finish): Command {
  const program = new Command('touchstone')
    .description('Decide which systemd extension images may be merged, measure them, prove it to others.')
    .option('--version', 'print the version')
    .on('option:version', () => {
      output.out(`touchstone ${productVersion()}\n`);
      throw new CommanderError(0, 'commander.version', '');
    })
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', '\nExit codes: 0 yes, 1 no, 2 usage or policy error, 3 could not decide.\n');
  defineVerify(program, output, finish);
  defineInspect(program, output, finish);
  defineMerging(program, output, finish);
  definePolicy(program, output, finish);
  defineHistory(program, output, finish);
  defineServe(program, output, finish);
  defineEnroll(program, output, finish);
  defineAttest(program, output, finish);
  defineAppraise(program, output, finish);
  defineJwks(program, output, finish);
  definePackaging(program, output, finish);
  return program;
}

function defineVerify(program: Command, output: Output, finish: Finish): void {
  program
    .command('verify')
    .description('Say for each image whether it may be merged, and why.')
    .argument('<image...>', 'extension image files')
    .addOption(policy())
    .addOption(policyTrust())
    .addOption(trust())
    .addOption(extensionClass().default(undefined, 'by file name or directory, else sysext'))
    .option('--full', 'recompute the whole hash tree')
    .option(
      '--host <directory>',
      'ask also whether the image fits the host there, / for this one, by its release data',
    )
    .addOption(labels().default(undefined, "the host's /etc/touchstone/labels.yaml"))
    .addOption(json())
    .addHelpText(...example('touchstone verify --trust vendor.pem --full tools.raw'))
    .action(async (images: string[], options: object) => {
      const { verify } = await import('./commands/verify.ts');
      finish(await verify(images, options, output));
    });
}

function defineInspect(program: Command, output: Output, finish: Finish): void {
  program
    .command('inspect')
    .description('Say what is in an image, with no verdict.')
    .argument('<image>', 'an image file, a directory, or a versioned directory (NAME.raw.v)')
    .addOption(extensionClass().default(undefined, 'by file name or directory, else sysext'))
    .addOption(json())
    .addHelpText(...example('touchstone inspect tools.raw'))
    .action(async (image: string, options: object) => {
      const { inspect } = await import('./commands/inspect.ts');
      finish(await inspect(image, options, output));
    });
}

function defineHistory(program: Command, output: Output, finish: Finish): void {
  const history = program
    .command('history')
    .description('What the host remembers, so that nobody leads it back to older images or policies.');
  history
    .command('begin')
    .description('Begin to remember; once in the life of a host.')
    .addOption(root())
    .addOption(json())
    .addHelpText(...example('touchstone history begin'))
    .action(async (options: object) => {
      const { begin } = await import('./commands/history.ts');
      finish(await begin(options, output));
    });
  history
    .command('show')
    .description('Print what the host remembers.')
    .addOption(root())
    .addOption(json())
    .addHelpText(...example('touchstone history show'))
    .action(async (options: object) => {
      const { show } = await import('./commands/history.ts');
      finish(await show(options, output));
    });
}

function defineServe(program: Command, output: Output, finish: Finish): void {
  const command = program
    .command('serve')
    .description("Serve the host's attestation endpoint.")
    .option('--listen <address:port>', 'a loopback address, with TLS any; or "systemd"', '127.0.0.1:7431')
    .option('--verbose', 'also log what happens every few seconds on a healthy host')
    .addOption(policy().default(undefined, '/etc/touchstone/policy.yaml below the root'))
    .addOption(policyTrust())
    .option('--pcr <number>', "the PCR that the gate's policy measures into, where the policy is not at hand")
    .option('--quote-pcrs <list>', 'quote these PCRs besides, as 0-7,11-15, which is the default')
    .option(
      '--firmware-log <file>',
      'the firmware\'s event log of the TPM, if it is not the kernel\'s; or "none"',
    )
    .addOption(root())
    .addOption(tcti());
  addTlsOptions(command)
    .addHelpText(...example('touchstone serve --listen 127.0.0.1:7431'))
    .action(async (options: object) => {
      const { serve } = await import('./commands/serve.ts');
      finish(await serve(options, output));
    });
}

function defineEnroll(program: Command, output: Output, finish: Finish): void {
  const command = program
    .command('enroll')
    .description('Have a host prove that its attestation key is in a genuine TPM, and write down its keys.')
    .argument('<url>', "the host's endpoint")
    .addOption(
      repeated(
        '--ek-root <certificate>',
        "accept TPMs that this certificate of their maker's vouches for; may be repeated",
      ),
    )
    .option('--trust-on-first-use', 'accept any TPM, genuine or not; the record says so')
    .option('--out <file>', 'write the enrolment record to a new file')
    .addOption(json());
  addCredentialOptions(command)
    .addHelpText(
      ...example('touchstone enroll https://host.example:7431 --ek-root maker.pem --out host.json'),
    )
    .action(async (url: string, options: object) => {
      const { enroll } = await import('./commands/enroll.ts');
      finish(await enroll(url, options, output));
    });
}

function defineAttest(program: Command, output: Output, finish: Finish): void {
  const command = program
    .command('attest')
    .description('Challenge a host, and appraise the evidence it answers with.')
    .argument('<url>', "the host's endpoint")
    .option('--save <file>', 'also write the evidence to a file');
  const appraising = addAppraisalOptions(
    command,
    'evidence that was saved before: this must continue it, and its logs are not sent again',
  );
  addCredentialOptions(appraising)
    .addOption(tlsKeySha256().default(undefined, "the connection's"))
    .addHelpText(
      ...example('touchstone attest http://127.0.0.1:7431 --identity host.json --policy policy.yaml'),
    )
    .action(async (url: string, options: object) => {
      const { attestHost } = await import('./commands/attest.ts');
      finish(await attestHost(url, options, output));
    });
}

function defineAppraise(program: Command, output: Output, finish: Finish): void {
  const appraise = program
    .command('appraise')
    .description('Appraise evidence offline.')
    .argument('<file>', 'evidence, as attest --save or POST /v1/attestations gives it')
    .requiredOption('--nonce <base64>', 'the nonce of the challenge')
    .addOption(tlsKeySha256().default(undefined, 'not checked'));
  addAppraisalOptions(appraise, 'evidence of the host that was accepted before: this must continue it')
    .addHelpText(
      ...example('touchstone appraise evidence.json --identity host.json --nonce … --policy policy.yaml'),
    )
    .action(async (file: string, options: object) => {
      const { appraiseFile } = await import('./commands/appraise.ts');
      finish(await appraiseFile(file, options, output));
    });
}

function defineJwks(program: Command, output: Output, finish: Finish): void {
  program
    .command('jwks')
    .description('Print the public keys of attestation results, as relying parties take them.')
    .argument('<key...>', 'private keys that sign results, in PEM')
    .addHelpText(...example('touchstone jwks result.key > jwks.json'))
    .action(async (paths: readonly string[]) => {
      const { printJwks } = await import('./commands/jwks.ts');
      finish(await printJwks(paths, output));
    });
}
