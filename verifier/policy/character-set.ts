/** Unicode code points: ranges with both ends included, in order, with gaps between them. */
export type CharacterSet = readonly CharacterRange[];

type CharacterRange = readonly [from: number, to: number];

const last = 0x10ffff;

export const anyCharacter: CharacterSet = [[0, last]];

/** The code points of some ranges, which may overlap and stand in any order. */
export function toCharacterSet(ranges: readonly CharacterRange[]): CharacterSet {
  const joined: CharacterRange[] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const before = joined.at(-1);
    if (before === undefined || from > before[1] + 1) joined.push([from, to]);
    else joined[joined.length - 1] = [before[0], Math.max(before[1], to)];
  }
  return joined;
}

/** Every code point that is not in the set. */
export function complementOf(set: CharacterSet): CharacterSet {
  const starts = [0, ...set.map(([, to]) => to + 1)];
  const ends = [...set.map(([from]) => from - 1), last];
  return starts.flatMap((from, index): CharacterRange[] => {
    const to = ends[index] ?? last;
    return from <= to ? [[from, to]] : [];
  });
}

export function hasCharacter(set: CharacterSet, character: number): boolean {
  return set.some(([from, to]) => from <= character && character <= to);
}

/** Whether every character of the narrow set is in the wide one. */
export function includesSet(wide: CharacterSet, narrow: CharacterSet): boolean {
  // Ranges of the wide set do not touch, so that one of the narrow set is inside a single one or not inside at all.
  return narrow.every(([from, to]) => wide.some(([lower, upper]) => lower <= from && to <= upper));
}

/** The one character of the set; null if it has none or several. */
export function onlyCharacter([first, ...others]: CharacterSet): string | null {
  return first !== undefined && others.length === 0 && first[0] === first[1]
    ? String.fromCodePoint(first[0])
    : null;
}
