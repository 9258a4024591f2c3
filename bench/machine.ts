import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** What figures about hashing depend on, a line each. */
export function describeMachine(): string[] {
  return [...describeSystem(), `openssl      ${opensslSpeed()}`];
}

/** What all figures depend on, a line each. */
export function describeSystem(): string[] {
  const wanted = ['sha_ni', 'avx2', 'avx512f', 'avx512bw', 'sha2'];
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ');
  const present = wanted.filter((flag) => flags?.includes(flag) === true);
  const model = cpus()[0]?.model ?? 'unknown processor';
  return [
    `processor    ${model}, ${cpus().length} cores (${present.join(' ')})`,
    `software     Node.js ${process.version} with OpenSSL ${process.versions.openssl}; ${firstLine('veritysetup', ['--version'])}`,
    `load         ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
  ];
}

function firstLine(command: string, args: readonly string[]): string {
  return (
    execFileSync(command, args, { encoding: 'utf8' })
      .split('\n')[0]
      ?.replace(/ flags:.*/, '') ?? ''
  );
}

/** SHA-256 over 4 KiB from memory by one core: what a block costs where nothing else costs anything. */
function opensslSpeed(): string {
  const args = ['speed', '-mr', '-seconds', '2', '-evp', 'sha256', '-bytes', '4096'];
  const said = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const bytes = Number(/^\+F:\d+:[^:]*:([\d.]+)/m.exec(said)?.[1] ?? Number.NaN);
  return `sha256 -bytes 4096: ${(bytes / 2 ** 20).toFixed(0)} MiB/s (${firstLine('openssl', ['version'])})`;
}
