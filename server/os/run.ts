import { setTimeout as sleep } from 'node:timers/promises';

import { execa, ExecaError } from 'execa';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** How a tool is run. */
export interface RunOptions {
  /** The tool is killed when it takes longer. */
  readonly timeoutMs: number;
  /** The tool is stopped when it writes more than this to its standard output; 1 MiB if not given. */
  readonly maxOutputBytes?: number;
  /** Added to the environment, which is otherwise empty but for `PATH` and `LC_ALL=C`. */
  readonly env?: Readonly<Record<string, string>>;
  /** An open file descriptor of ours that the tool gets as its file descriptor 3. */
  readonly inheritFd?: number;
  /**
   * If the tool fails or is killed, kill what it started, too, as far as that is in its process group, and wait for it to be gone.
   * The group is one of its own: what a terminal sends to ours does not reach it.
   */
  readonly ownGroup?: boolean;
  /** What the tool reads on its standard input; nothing if not given. */
  readonly input?: Uint8Array;
}

export interface RunResult {
  readonly stdout: Uint8Array;
  /** Decoded as UTF-8. Untrusted like everything a tool prints. */
  readonly stderr: string;
}

/** A tool ran and said no. Callers that do not know its exit codes treat it as any other `CouldNotDecide`. */
export class ToolFailed extends CouldNotDecide {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A clean environment for every tool: nothing of the caller's `PATH`, `LD_PRELOAD` or language reaches it. */
export const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

const defaultMaxOutputBytes = 1024 * 1024;
const maxErrorBytes = 256 * 1024;

/** How long a killed tool's children may keep its pipes open before they are closed on our side. */
const pipeGraceMs = 250;

/** How long is waited for what a tool started to be gone, once it is killed. */
const groupGraceMs = 5000;
const groupStepMs = 20;

/**
 * Runs one tool to its end, without a shell: `args` reach it as they are. It runs in `/`, so arguments name files by
 * absolute paths.
 *
 * @param tool a command name looked up in the standard directories, or an absolute path.
 * @throws ToolFailed if it exits with another status than 0.
 * @throws CouldNotDecide if it is missing, is killed, takes too long or writes too much.
 */
export async function run(tool: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  let closePipes: NodeJS.Timeout | undefined;
  let group: number | undefined;
  try {
    const child = start(tool, args, options);
    if (options.ownGroup === true) group = child.pid;
    // A child of the tool that outlives it would hold the pipes, and with them this call, open past the time limit.
    closePipes = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, options.timeoutMs + pipeGraceMs);
    const { stdout, stderr } = await child;
    return { stdout, stderr: Buffer.from(stderr).toString('utf8') };
  } catch (error) {
    if (group !== undefined) await endGroup(group);
    throw describeFailure(tool, error, options);
  } finally {
    clearTimeout(closePipes);
  }
}

function start(tool: string, args: readonly string[], options: RunOptions) {
  const { timeoutMs, maxOutputBytes = defaultMaxOutputBytes, env, inheritFd, input } = options;
  // execa's types name the numbers 3 to 9; it takes any descriptor.
  const inherited = inheritFd === undefined ? [] : [inheritFd as 3];
  return execa(tool, args, {
    env: { ...cleanEnvironment, ...env },
    extendEnv: false,
    cwd: '/',
    input: input ?? new Uint8Array(0),
    stdio: ['pipe', 'pipe', 'pipe', ...inherited],
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: { stdout: maxOutputBytes, stderr: maxErrorBytes },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    detached: options.ownGroup === true,
  });
}

/** @returns when nothing is left of it, or what is left does not go away for its being killed. */
async function endGroup(group: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < groupGraceMs; waitedMs += groupStepMs) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      return;
    }
    await sleep(groupStepMs);
  }
}

function describeFailure(tool: string, error: unknown, { timeoutMs }: RunOptions): CouldNotDecide {
  // What execa throws before it starts anything, for example for an argument with a NUL in it.
  if (!(error instanceof ExecaError))
    return new CouldNotDecide(`${tool} cannot be started: ${String(error)}`);
  if (error.code === 'ENOENT') return new CouldNotDecide(describeMissing(tool));
  if (error.timedOut)
    return new CouldNotDecide(`${tool} did not end within ${timeoutMs / 1000} s and was killed`);
  if (error.isMaxBuffer) return new CouldNotDecide(`${tool} printed more than it may and was stopped`);
  if (error.code !== undefined) return new CouldNotDecide(`${tool} cannot be started: ${error.code}`);
  const said = lastLines(error.stderr);
  if (error.exitCode === undefined)
    return new CouldNotDecide(`${tool} was ended by ${error.signal ?? 'a signal'}${said}`);
  return new ToolFailed(`${tool} failed with exit status ${error.exitCode}${said}`, error.exitCode);
}

// The last lines are where tools say what was wrong; control characters could rewrite the reader's terminal.
function lastLines(stderr: unknown): string {
  const text = stderr instanceof Uint8Array ? Buffer.from(stderr).toString('utf8') : '';
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const said = lines.slice(-4).join('; ').slice(-800);
  return said === '' ? '' : `: ${said.replaceAll(/\p{C}/gu, '?')}`;
}

/** Debian packages of the tools that are run; a name ending in `_` or `-` stands for all that begin with it. */
const debianPackages: readonly (readonly [string, string])[] = [
  ['tpm2_', 'tpm2-tools'],
  ['swtpm', 'swtpm'],
  ['flock', 'util-linux'],
  ['getfattr', 'attr'],
  ['veritysetup', 'cryptsetup-bin'],
  ['dmsetup', 'dmsetup'],
  ['losetup', 'mount'],
  ['openssl', 'openssl'],
  ['mkfs.erofs', 'erofs-utils'],
  ['mksquashfs', 'squashfs-tools'],
  ['systemd-', 'systemd'],
];

function describeMissing(tool: string): string {
  const found = debianPackage(tool);
  return `${tool} is not installed${found === null ? '' : `; install the Debian package ${found}`}`;
}

/** The Debian package that has a tool; null for tools that are not known here. */
export function debianPackage(tool: string): string | null {
  const found = debianPackages.find(
    ([name]) => tool === name || (/[_-]$/.test(name) && tool.startsWith(name)),
  );
  return found?.[1] ?? null;
}
