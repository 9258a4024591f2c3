/** The line of a text that a message is about, with a mark under the place. */
export interface SourceExcerpt {
  /** From 1. */
  readonly line: number;
  /** The line, or the part of it around the place, as it can be printed: a tab is spaces, what is cut off is `…`. */
  readonly source: string;
  /** Spaces and a caret, to be printed below it. */
  readonly mark: string;
}

/** What one character of the source takes on a terminal. */
interface Cell {
  readonly text: string;
  readonly width: number;
}

const maximumWidth = 100;
const tabWidth = 4;
// A caret must not stand at the end of what is seen of a long line: what comes after explains it.
const before = 60;
const cut: Cell = { text: '…', width: 1 };

/**
 * Quotes the place of a text. Nothing in the text can move the cursor or turn the line around: what cannot be printed is
 * written as an escape. Takes no longer for a long line than for a short one.
 *
 * @param line from 1.
 * @param column from 1, in UTF-16 units; one that is beyond the end of the line is the end.
 * @returns null if there is no such line.
 */
export function excerptAt(text: string, line: number, column: number): SourceExcerpt | null {
  const source = lineAt(text, line);
  if (source === null) return null;
  const at = Math.min(Math.max(column - 1, 0), source.length);
  const [left, right] = [
    cells(source.slice(Math.max(at - maximumWidth, 0), at)),
    cells(source.slice(at, at + maximumWidth)),
  ];
  const isCutLeft = at > maximumWidth || widthOf(left) > before;
  const shownLeft = isCutLeft ? [cut, ...lastCells(left, before - 1)] : left;
  const room = maximumWidth - widthOf(shownLeft);
  const isCutRight = at + maximumWidth < source.length || widthOf(right) > room;
  const shownRight = isCutRight ? [...firstCells(right, room - 1), cut] : right;
  return {
    line,
    source: [...shownLeft, ...shownRight].map((cell) => cell.text).join(''),
    mark: `${' '.repeat(widthOf(shownLeft))}^`,
  };
}

/** Without its end, `\n` or `\r\n`. */
function lineAt(text: string, line: number): string | null {
  let start = 0;
  for (let count = 1; count < line; count++) {
    const end = text.indexOf('\n', start);
    if (end === -1) return null;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  const found = text.slice(start, end === -1 ? text.length : end);
  return found.endsWith('\r') ? found.slice(0, -1) : found;
}

function cells(source: string): readonly Cell[] {
  return Array.from(source, toCell);
}

// East Asian characters and emoji are two columns wide on terminals, marks that combine are none.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{20000}-\u{3fffd}]/u;
const combining = /[\p{Mn}\p{Me}]/u;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

function toCell(character: string): Cell {
  if (character === '\t') return { text: ' '.repeat(tabWidth), width: tabWidth };
  if (unprintable.test(character)) {
    const text = escape(character);
    return { text, width: text.length };
  }
  return { text: character, width: combining.test(character) ? 0 : wide.test(character) ? 2 : 1 };
}

function escape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
}

function widthOf(some: readonly Cell[]): number {
  return some.reduce((sum, { width }) => sum + width, 0);
}

/** As many of the first as fit into a width. */
function firstCells(some: readonly Cell[], room: number): readonly Cell[] {
  let width = 0;
  const end = some.findIndex((cell) => (width += cell.width) > room);
  return end === -1 ? some : some.slice(0, end);
}

function lastCells(some: readonly Cell[], room: number): readonly Cell[] {
  return firstCells(some.toReversed(), room).toReversed();
}
