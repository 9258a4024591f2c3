import { readFileSync } from 'node:fs';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/**
 * The commands of one section of a document: its indented blocks, one after the other, as a shell is given them.
 *
 * @param heading what the section's heading begins with, for example `## 3.`.
 * @throws CouldNotDecide if there is no such section, or no command in it.
 */
export function documentedCommands(path: string, heading: string): string {
  const lines = readFileSync(path, 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.startsWith(heading));
  const length = lines.slice(begin + 1).findIndex((line) => line.startsWith('## '));
  const section = lines.slice(begin + 1, length === -1 ? undefined : begin + 1 + length);
  const commands = section.filter((line) => line.startsWith('    ')).map((line) => line.slice(4));
  if (begin === -1 || commands.length === 0)
    throw new CouldNotDecide(`${path} has no commands under "${heading}"`);
  return `${commands.join('\n')}\n`;
}
