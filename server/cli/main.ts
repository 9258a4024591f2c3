#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { isHanging } from '../os/within.ts';
import { exitCodes } from './output.ts';

// Whoever reads the answer went away before its end (`touchstone … | head -1`): nobody has it, so it must not count.
process.stdout.on('error', () => process.exit(exitCodes.couldNotDecide));
// What cannot be said on stderr changes no answer.
process.stderr.on('error', () => undefined);

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY,
});
// All is said and done; but with a file system that hangs the process would not end, and its lock would be kept.
if (isHanging())
  process.stdout.write('', () => process.stderr.write('', () => process.kill(process.pid, 'SIGKILL')));
