import { Command, CommanderError, Option } from 'commander';

import { type ExitCode, exitCodes, type Output, printable } from './output.ts';

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
    output.err(`touchstone: ${printable(failure.message).replaceAll('\\u000a', '\n')}\n`);
    return failure.code;
  }
}

type Finish = (code: ExitCode) => void;

function define(output: Output, finish: Finish): Command {
  const program = new Command('touchstone')
    .description('Decide which systemd extension images may be merged, measure them, prove it to others.')
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', '\nExit codes: 0 yes, 1 no, 2 usage or policy error, 3 could not decide.\n');
  defineVerify(program, output, finish);
  defineInspect(program, output, finish);
  defineGate(program, output, finish);
  defineServe(program, output, finish);
  defineAttest(program, output, finish);
  defineAppraise(program, output, finish);
  return program;
}

const json = (): Option => new Option('--json', 'print one JSON document on stdout');
const policy = (): Option => new Option('--policy <file>', 'the ExtensionPolicy that decides');
const root = (): Option => new Option('--root <directory>', 'a whole host under a directory').default('/');
const extensionClass = (): Option =>
  new Option('--class <class>', 'one class only').choices(['sysext', 'confext']);
const tcti = (): Option => new Option('--tcti <tcti>', "the TPM, in tpm2-tools' words").env('TPM2TOOLS_TCTI');
const trust = (): Option =>
  new Option(
    '--trust <certificate>',
    'accept what this certificate signed, or one issued under it; may be repeated',
  )
    .argParser((value: string, earlier: readonly string[]) => [...earlier, value])
    .default([], 'none');

function example(text: string): [position: 'after', text: string] {
  return ['after', `\nExample:\n  ${text}\n`];
}

function defineVerify(program: Command, output: Output, finish: Finish): void {
  program
    .command('verify')
    .description('Say for each image whether it may be merged, and why.')
    .argument('<image...>', 'extension image files')
    .addOption(policy())
    .addOption(trust())
    .addOption(extensionClass().default(undefined, 'by file name or directory, else sysext'))
    .option('--full', 'recompute the whole hash tree')
    .option(
      '--host <directory>',
      'ask also whether the image fits the host there, / for this one, by its release data',
    )
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

function defineGate(program: Command, output: Output, finish: Finish): void {
  program
    .command('gate')
    .description('Verify what systemd would merge, move away what is refused, measure the rest.')
    .addOption(policy().default(undefined, '/etc/touchstone/policy.yaml below the root'))
    .addOption(extensionClass().default(undefined, 'both'))
    .option('--full', 'recompute every hash tree first, instead of leaving blocks to the kernel')
    .addOption(root())
    .addOption(tcti())
    .addOption(json())
    .addHelpText(...example('touchstone gate --policy /etc/touchstone/policy.yaml'))
    .action(async (options: object) => {
      const { gateHost } = await import('./commands/gate.ts');
      finish(await gateHost(options, output));
    });
}

function defineServe(program: Command, output: Output, finish: Finish): void {
  program
    .command('serve')
    .description("Serve the host's attestation endpoint.")
    .option('--listen <address:port>', 'a loopback address', '127.0.0.1:7431')
    .option('--pcr <number>', "the PCR that the gate's policy measures into", '13')
    .addOption(root())
    .addOption(tcti())
    .addHelpText(...example('touchstone serve --listen 127.0.0.1:7431'))
    .action(async (options: object) => {
      const { serve } = await import('./commands/serve.ts');
      finish(await serve(options, output));
    });
}

function defineAttest(program: Command, output: Output, finish: Finish): void {
  program
    .command('attest')
    .description('Challenge a host, and appraise the evidence it answers with.')
    .argument('<url>', "the host's endpoint")
    .requiredOption('--identity <file>', "the host's identity document, taken on the host")
    .addOption(policy())
    .addOption(trust())
    .option('--save <file>', 'also write the evidence to a file')
    .addOption(json())
    .addHelpText(
      ...example('touchstone attest http://127.0.0.1:7431 --identity host.json --policy policy.yaml'),
    )
    .action(async (url: string, options: object) => {
      const { attestHost } = await import('./commands/attest.ts');
      finish(await attestHost(url, options, output));
    });
}

function defineAppraise(program: Command, output: Output, finish: Finish): void {
  program
    .command('appraise')
    .description('Appraise evidence offline.')
    .argument('<file>', 'evidence, as attest --save or POST /v1/attestations gives it')
    .requiredOption('--identity <file>', "the host's identity document, taken on the host")
    .requiredOption('--nonce <base64>', 'the nonce of the challenge')
    .addOption(policy())
    .addOption(trust())
    .addOption(json())
    .addHelpText(
      ...example('touchstone appraise evidence.json --identity host.json --nonce … --policy policy.yaml'),
    )
    .action(async (file: string, options: object) => {
      const { appraiseFile } = await import('./commands/appraise.ts');
      finish(await appraiseFile(file, options, output));
    });
}
