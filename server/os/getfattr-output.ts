import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { ExtendedAttribute } from '../../verifier/image/tree-entry.ts';

/** What getfattr(1) printed of one file. */
export interface PrintedFile {
  /** Unescaped, a byte string: one character a byte. */
  readonly path: string;
  readonly attributes: readonly ExtendedAttribute[];
}

/**
 * Parses the dump of getfattr(1) in hexadecimal: a line `# file: PATH`, a line `NAME=0xHEX` for each attribute, an empty
 * line. Backslash, newline and carriage return in paths and names, and `=` in names, are printed as a backslash and three
 * octal digits (quote() in attr's libmisc/quote.c), so a line has one meaning.
 *
 * @throws CouldNotDecide for a line that is none of these: an attribute would be left out.
 */
export function parseGetfattr(output: Uint8Array): PrintedFile[] {
  const files: { path: string; attributes: ExtendedAttribute[] }[] = [];
  const text = Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const path = /^# file: (.+)$/s.exec(line)?.[1];
    if (path !== undefined) files.push({ path: unescaped(path), attributes: [] });
    else attributesOf(files, line).push(parseAttribute(line));
  }
  return files;
}

/**
 * The attributes of the files that were asked about, in that order. A file without attributes is not printed.
 *
 * @throws CouldNotDecide if a file is there that was not asked about, or one twice: then it is not known whose they are.
 */
export function inOrderOf(
  paths: readonly string[],
  files: readonly PrintedFile[],
): readonly (readonly ExtendedAttribute[])[] {
  const asked = new Set(paths);
  const found = new Map(files.map(({ path, attributes }) => [path, attributes]));
  if (found.size !== files.length || files.some(({ path }) => !asked.has(path)))
    throw new CouldNotDecide('getfattr printed attributes of a file that it was not asked about');
  return paths.map((path) => found.get(path) ?? []);
}

function attributesOf(files: readonly { attributes: ExtendedAttribute[] }[], line: string) {
  const file = files.at(-1);
  if (file === undefined) throw notUnderstood(line);
  return file.attributes;
}

function parseAttribute(line: string): ExtendedAttribute {
  const [, name, value] = /^([^=]+)=0x((?:[0-9a-f]{2})*)$/s.exec(line) ?? [];
  if (name === undefined || value === undefined) throw notUnderstood(line);
  return {
    name: new Uint8Array(Buffer.from(unescaped(name), 'latin1')),
    value: new Uint8Array(Buffer.from(value, 'hex')),
  };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})|\\/g, (_, digits: string | undefined) => {
    if (digits === undefined) throw notUnderstood(text);
    return String.fromCharCode(parseInt(digits, 8));
  });
}

function notUnderstood(line: string): CouldNotDecide {
  return new CouldNotDecide(
    `getfattr printed a line that is not understood: ${JSON.stringify(line.slice(0, 80))}`,
  );
}
