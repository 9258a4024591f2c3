import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { entryExists } from '../os/directory.ts';
import { readBounded } from '../os/durable-file.ts';
import { withPrivateDirectory } from '../os/private-directory.ts';
import { run } from '../os/run.ts';

/** How the TPM is reached, and how long it may take. */
export interface ToolOptions {
  /** TCTI of tpm2-tools (tss2-tcti(7)), for example `swtpm:host=127.0.0.1,port=2321`; the kernel's TPM if not given. */
  readonly tcti?: string | undefined;
  /** Time limit of a command in milliseconds; making a key may take nine times as long. 20,000 if not given. */
  readonly timeoutMs?: number | undefined;
}

/** Runs commands of tpm2-tools against one TPM. */
export interface ToolDriver {
  /** Runs one command to its end and gives what it printed. @throws CouldNotDecide */
  readonly run: (tool: string, args: readonly string[]) => Promise<string>;
  /** The same for commands that make the TPM find a key, which takes a small chip a minute or two. */
  readonly runSlow: (tool: string, args: readonly string[]) => Promise<string>;
}

/** The kernel's TPM, with its resource manager. */
const kernelDevice = '/dev/tpmrm0';

const defaultTimeoutMs = 20_000;
const slowFactor = 9;

/** Nothing that tpm2-tools print or write for us is near this. */
const maximumOutputBytes = 256 * 1024;

/** @throws CouldNotDecide from each command if no TCTI is given and the kernel has no TPM. */
export function createToolDriver({ tcti, timeoutMs = defaultTimeoutMs }: ToolOptions): ToolDriver {
  const runWithin = async (limit: number, tool: string, args: readonly string[]): Promise<string> => {
    const env = { TPM2TOOLS_TCTI: tcti ?? (await kernelTcti()) };
    const { stdout } = await run(tool, args, { timeoutMs: limit, maxOutputBytes: maximumOutputBytes, env });
    return Buffer.from(stdout).toString('latin1');
  };
  return {
    run: (tool, args) => runWithin(timeoutMs, tool, args),
    runSlow: (tool, args) => runWithin(timeoutMs * slowFactor, tool, args),
  };
}

// Asked each time: the device can appear after we start, early in boot.
async function kernelTcti(): Promise<string> {
  if (!(await entryExists(kernelDevice)))
    throw new CouldNotDecide(`there is no TPM 2.0: ${kernelDevice} does not exist`);
  return `device:${kernelDevice}`;
}

/**
 * Runs a command that writes one file, and gives the file's bytes. The text that tpm2-tools print is for people and
 * differs between versions; the files are the TPM's own structures.
 *
 * @param args are made with the path of the file that the command is to write.
 */
export function runForFile(
  driver: ToolDriver,
  tool: string,
  args: (path: string) => readonly string[],
): Promise<Uint8Array> {
  return withPrivateDirectory(async (directory) => {
    const path = `${directory}/out`;
    await driver.run(tool, args(path));
    return readBounded(path, maximumOutputBytes, { noFollow: true });
  });
}

/** A handle as tpm2-tools take it. */
export function handleText(handle: number): string {
  return `0x${handle.toString(16)}`;
}
