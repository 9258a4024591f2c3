/** One thing that differs, in words for people: null where it is not there. */
export interface DifferentDetail {
  readonly what: string;
  readonly old: string | null;
  readonly new: string | null;
}

/** What makes up a part of a policy: what it is called to what it lists. The order in a list means nothing. */
export type Aspects = ReadonlyMap<string, readonly string[]>;

/** Aspect by aspect, what only one of two has. What each lists alone once is shown as a change from one to the other. */
export function compareAspects(old: Aspects, next: Aspects): readonly DifferentDetail[] {
  const names = [...new Set([...old.keys(), ...next.keys()])];
  return names.flatMap((what): DifferentDetail[] => {
    const [before, after] = [new Set(old.get(what)), new Set(next.get(what))];
    const gone = [...before].filter((value) => !after.has(value));
    const come = [...after].filter((value) => !before.has(value));
    const [from, to] = [gone[0], come[0]];
    if (from !== undefined && to !== undefined && gone.length + come.length === 2)
      return [{ what, old: from, new: to }];
    return [
      ...gone.map((value) => ({ what, old: value, new: null })),
      ...come.map((value) => ({ what, old: null, new: value })),
    ];
  });
}
