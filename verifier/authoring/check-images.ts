import { matchesGlob } from '../policy/glob.ts';
import type { Policy } from '../policy/policy.ts';
import { suggestion } from '../policy/suggestion.ts';
import { type CheckCircumstances, type CheckProblem, warning } from './check-problem.ts';

const maximumShown = 10;

/** Rules about names that no image has: the usual mistake of writing one is seen by nobody until an image is refused. */
export function checkImages(
  { rules, document }: Policy,
  { images }: CheckCircumstances,
): readonly CheckProblem[] {
  if (images === null) return [];
  return rules.flatMap(({ name, nameGlob, class: wanted }, index): CheckProblem[] => {
    if (nameGlob === null) return [];
    const candidates = images.filter((image) => wanted === null || image.class === wanted);
    if (candidates.some((image) => matchesGlob(nameGlob, image.name))) return [];
    const message = `the rule "${name}" is about names like "${nameGlob}", which no ${wanted ?? 'image'} there has${namesText(candidates, nameGlob)}; correct it, or take it out`;
    return [warning(message, document?.at(['rules', index, 'match', 'name']) ?? '')];
  });
}

function namesText(images: readonly { readonly name: string }[], glob: string): string {
  const names = [...new Set(images.map(({ name }) => name))].sort();
  return names.length > maximumShown ? ` (there are ${names.length})` : suggestion(glob, names);
}
