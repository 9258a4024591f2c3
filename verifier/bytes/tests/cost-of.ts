import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

const maximumSeconds = 2;
const maximumMebibytes = 256;

/** What reading the worst inputs may cost a verifier. */
export const affordable = `costs less than ${maximumSeconds} s and ${maximumMebibytes} MiB`;

/**
 * Runs a program in a process of its own, so that nothing else counts, and checks what it cost: processor time of what is in `read`,
 * and the peak of all memory, the input's own included, above what Node.js takes for nothing: that is 40 to 60 MiB, by its version.
 *
 * @param makeInput statements that make what `read` reads.
 * @param read an expression: a word for how reading ended.
 * @returns that word.
 */
export function checkCost(makeInput: string, read: string): string {
  const program = `const idle = process.memoryUsage.rss();
    ${makeInput}
    const start = process.cpuUsage();
    const word = ${read};
    const { user, system } = process.cpuUsage(start);
    console.log(JSON.stringify({
      seconds: (user + system) / 1e6,
      mebibytes: process.resourceUsage().maxRSS / 1024 - idle / 1048576,
      word,
    }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  const cost: { seconds: number; mebibytes: number; word: string } = JSON.parse(output);
  assert.ok(cost.seconds < maximumSeconds, `${cost.seconds} s`);
  assert.ok(cost.mebibytes < maximumMebibytes, `${cost.mebibytes} MiB`);
  return cost.word;
}
