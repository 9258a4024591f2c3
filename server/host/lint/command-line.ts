/**
 * The commands of an `ExecStart=` line in words (systemd.service(5), "Command lines"): several are parted by a semicolon of
 * its own. Variables and specifiers stand as they are.
 */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const word of splitWords(line)) {
    if (word === ';') commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter(([program]) => program !== undefined);
}

function splitWords(line: string): string[] {
  const words = line.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(.)/g,
      (_, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
        (double ?? single ?? escaped ?? '').replaceAll(/\\(.)/g, '$1'),
    ),
  );
}

/** The value of the last `--name=VALUE` or `--name VALUE`; null if there is none. */
export function switchValue(words: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (const [index, word] of words.entries()) {
    if (word.startsWith(`${name}=`)) value = word.slice(name.length + 1);
    if (word === name) value = words[index + 1] ?? null;
  }
  return value;
}
