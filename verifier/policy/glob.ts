import {
  anyCharacter,
  type CharacterSet,
  complementOf,
  hasCharacter,
  toCharacterSet,
} from './character-set.ts';

/** One position of a glob: a run of anything, or one character that must be among some. */
export type GlobStep = { readonly run: true } | { readonly run: false; readonly characters: CharacterSet };

/** Why the text is not a glob that means what its author thinks it does; null if it is one. */
export function globProblem(glob: string): string | null {
  const steps = parseGlob(glob);
  return typeof steps === 'string' ? steps : null;
}

/** What a glob asks for, position by position; a string says why it is none. */
export function parseGlob(glob: string): readonly GlobStep[] | string {
  return parse(Array.from(glob));
}

/**
 * Whether the whole of `text` matches: `*` any run of characters, `?` one, `[abc]`, `[a-z]`, `[!a-z]` one of a class, `\`
 * the next character itself, in a class too. A character is a Unicode code point, upper and lower case differ. Takes time
 * proportional to both lengths at the most, whatever the glob. What is no glob matches nothing.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const steps = parseGlob(glob);
  return typeof steps !== 'string' && matches(steps, Array.from(text));
}

// Remembers the last run only: an earlier one never needs to grow once a later one has been reached.
function matches(steps: readonly GlobStep[], text: readonly string[]): boolean {
  let [step, at] = [0, 0];
  let run: { step: number; at: number } | null = null;
  while (at < text.length) {
    const current = steps[step];
    if (current?.run === true) run = { step: ++step, at };
    else if (current?.run === false && hasCharacter(current.characters, codePoint(text[at] ?? '')))
      [step, at] = [step + 1, at + 1];
    else if (run !== null) [step, at] = [run.step, ++run.at];
    else return false;
  }
  return steps.slice(step).every((rest) => rest.run);
}

/** Consumes `rest`; a string says what is wrong. */
function parse(rest: string[]): readonly GlobStep[] | string {
  const steps: GlobStep[] = [];
  for (let character = rest.shift(); character !== undefined; character = rest.shift()) {
    const step = parseStep(character, rest);
    if (typeof step === 'string') return step;
    steps.push(step);
  }
  return steps;
}

function parseStep(character: string, rest: string[]): GlobStep | string {
  if (character === '*') return { run: true };
  if (character === '?') return { run: false, characters: anyCharacter };
  if (character === '[') return parseClass(rest);
  const literal = character === '\\' ? rest.shift() : character;
  if (literal === undefined) return 'a \\ has no character after it';
  return { run: false, characters: [[codePoint(literal), codePoint(literal)]] };
}

const endless = 'a [ has no ]';

/** What follows a `[`. POSIX: a `]` that comes first is a member; fnmatch(3): `\` takes the next character as it is. */
function parseClass(rest: string[]): GlobStep | string {
  const negated = rest[0] === '!';
  if (negated) rest.shift();
  if (rest[0] === '^')
    return 'a class that begins with ^ means different things to different tools; write [!...]';
  const ranges: (readonly [from: number, to: number])[] = [];
  do {
    if (rest[0] === '[' && /^[:.=]$/.test(rest[1] ?? ''))
      return 'named classes such as [:alpha:] are not supported';
    const from = takeMember(rest);
    const isRange = rest[0] === '-' && rest[1] !== ']';
    if (isRange) rest.shift();
    const to = isRange ? takeMember(rest) : from;
    if (from === null || to === null) return endless;
    if (from > to) return 'a range runs backwards';
    ranges.push([from, to]);
  } while (rest[0] !== ']');
  rest.shift();
  const members = toCharacterSet(ranges);
  return { run: false, characters: negated ? complementOf(members) : members };
}

function takeMember(rest: string[]): number | null {
  const character = rest.shift();
  const literal = character === '\\' ? rest.shift() : character;
  return literal === undefined ? null : codePoint(literal);
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
