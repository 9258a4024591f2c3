import { anyCharacter, includesSet, onlyCharacter } from './character-set.ts';
import { type GlobStep, parseGlob } from './glob.ts';

/** Whether one glob surely matches all that another matches. */
export type GlobComparison = (wide: string, narrow: string) => boolean;

/** More than two globs of the longest names can need. */
const enough = 1_000_000;

/**
 * Whether `wide` matches every text that `narrow` matches. A yes is always right; a no may mean that it is true in a way that
 * is not looked for, such as a class of `narrow` of which each character is covered by another part of `wide`. Takes time
 * proportional to both lengths at the most.
 */
export function globCovers(wide: string, narrow: string): boolean {
  return compareGlobs(enough)(wide, narrow);
}

/**
 * The same for many globs, each parsed once.
 *
 * @param maximumSteps of all comparisons together; whatever is asked afterwards is answered with no.
 */
export function compareGlobs(maximumSteps: number): GlobComparison {
  const parsed = new Map<string, Pattern>();
  const parse = (glob: string): Pattern => {
    const known = parsed.get(glob) ?? toPattern(glob);
    parsed.set(glob, known);
    return known;
  };
  const budget = { steps: maximumSteps };
  return (wide, narrow) => wide === narrow || covers(parse(wide), parse(narrow), budget);
}

/** What `*` and `?` beside each other ask for: so many characters at least, of any kind. */
interface Gap {
  readonly atLeast: number;
}

/** A glob in both roles. Null: the text is none, matches nothing, and is compared with nothing. */
type Pattern = {
  readonly asWide: readonly (GlobStep | Gap)[];
  readonly asNarrow: readonly GlobStep[];
  /** What every text that matches begins with. */
  readonly prefix: string;
} | null;

function toPattern(glob: string): Pattern {
  const steps = parseGlob(glob);
  return typeof steps === 'string'
    ? null
    : { asWide: joinGaps(steps), asNarrow: steps, prefix: prefixOf(steps) };
}

function prefixOf(steps: readonly GlobStep[]): string {
  const letters = steps.map((step) => (step.run ? null : onlyCharacter(step.characters)));
  const end = letters.indexOf(null);
  return letters.slice(0, end === -1 ? letters.length : end).join('');
}

// `*?` and `?*` say the same. As one gap either fits what the other does.
function joinGaps(steps: readonly GlobStep[]): readonly (GlobStep | Gap)[] {
  const joined: (GlobStep | Gap)[] = [];
  let anything: GlobStep[] = [];
  const close = (): void => {
    const single = anything.filter(({ run }) => !run);
    joined.push(...(single.length === anything.length ? single : [{ atLeast: single.length }]));
    anything = [];
  };
  for (const step of steps) {
    if (isAnything(step)) {
      anything.push(step);
      continue;
    }
    close();
    joined.push(step);
  }
  close();
  return joined;
}

function isAnything(step: GlobStep): boolean {
  return step.run || includesSet(step.characters, anyCharacter);
}

/**
 * Matches the steps of the narrow glob as if they were characters: a step for one character takes a step that allows no other
 * ones, a gap takes any steps that stand for enough characters. As with texts an earlier gap never needs to grow once a
 * later one has been reached.
 */
function covers(wide: Pattern, narrow: Pattern, budget: { steps: number }): boolean {
  // Of many rules most differ in how their names begin.
  if (wide === null || narrow?.prefix.startsWith(wide.prefix) !== true) return false;
  const [parts, steps] = [wide.asWide, narrow.asNarrow];
  let [part, at] = [0, 0];
  let gap: { part: number; at: number } | null = null;
  while (at < steps.length || isGap(parts[part])) {
    const [current, step] = [parts[part], steps[at]];
    budget.steps -= 1 + rangesOf(current) * rangesOf(step);
    if (budget.steps < 0) return false;
    if (isGap(current)) {
      const after = skip(steps, at, current.atLeast);
      if (after === null) return false;
      gap = { part: part + 1, at: after };
      [part, at] = [gap.part, gap.at];
    } else if (step !== undefined && current?.run === false && takes(current, step))
      [part, at] = [part + 1, at + 1];
    else if (gap !== null && gap.at < steps.length) [part, at] = [gap.part, ++gap.at];
    else return false;
  }
  return part === parts.length;
}

function isGap(part: GlobStep | Gap | undefined): part is Gap {
  return part !== undefined && 'atLeast' in part;
}

function takes(wide: GlobStep & { readonly run: false }, narrow: GlobStep): boolean {
  return !narrow.run && includesSet(wide.characters, narrow.characters);
}

function rangesOf(part: GlobStep | Gap | undefined): number {
  return part !== undefined && 'characters' in part ? part.characters.length : 1;
}

/** The first place after `count` characters from `at` on; null if there are not as many for sure. */
function skip(steps: readonly GlobStep[], at: number, count: number): number | null {
  let [place, missing] = [at, count];
  for (; missing > 0; place++) {
    const step = steps[place];
    if (step === undefined) return null;
    if (!step.run) missing--;
  }
  return place;
}
