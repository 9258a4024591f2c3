/** One line `key=value` of a configuration file. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * Reads a configuration file as systemd does (systemd.syntax(7)). What is no assignment is passed over: systemd warns of it
 * and goes on.
 */
export function parseIni(text: string): Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const line of joinLines(text)) {
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    const equals = line.indexOf('=');
    if (header !== undefined) section = header;
    else if (equals > 0)
      found.push({ section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() });
  }
  return found;
}

/** Without comments and white space around; a backslash at the end of a line goes on with the next one, past comments. */
function joinLines(text: string): string[] {
  const lines: string[] = [];
  let begun = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    const goesOn = (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;
    begun += goesOn ? `${line.slice(0, -1)} ` : line;
    if (goesOn) continue;
    lines.push(begun.trim());
    begun = '';
  }
  return [...lines, begun.trim()];
}
