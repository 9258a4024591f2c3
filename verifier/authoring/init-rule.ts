import { parseVersionRange } from '../policy/version-range.ts';
import type { Admissible } from './init-admissible.ts';

/** A rule as a policy file has it. */
export interface WrittenRule {
  readonly name: string;
  readonly match: Readonly<Record<'class' | 'name' | 'form', string>>;
  readonly require: Readonly<Record<string, unknown>>;
}

/** The rule that accepts one image, and no content but that. `sets` has the trust sets of its signers. */
export function tightestRule(image: Admissible, name: string, sets: readonly string[]): WrittenRule {
  const { class: extensionClass, form } = image;
  return {
    name,
    match: { class: extensionClass, name: exactGlob(image.name), form },
    require: form === 'bare' || form === 'directory' ? digestOf(image) : signatureOf(image, sets),
  };
}

function digestOf({ form, rootHash }: Admissible): WrittenRule['require'] {
  return { [form === 'directory' ? 'treeDigest' : 'fileDigest']: [`sha256:${rootHash}`] };
}

function signatureOf(image: Admissible, sets: readonly string[]): WrittenRule['require'] {
  const { rootHash, architecture, hashType, version } = image;
  const range = `= ${version}`;
  return {
    // All of them have to sign: with signedBy, each alone could.
    [sets.length === 1 ? 'signedBy' : 'signedByAll']: sets,
    rootHash: [rootHash],
    ...(architecture === null ? {} : { architecture: [architecture] }),
    ...(hashType === 0 ? { hashType: [0] } : {}),
    ...(typeof parseVersionRange(range) === 'string' ? {} : { version: range }),
  };
}

/** A glob that matches one text. */
export function exactGlob(text: string): string {
  return text.replaceAll(/[\\*?[]/g, '\\$&');
}

const maximumRuleName = 64;

/** Names for rules: what the images are called, as far as it can be measured and printed, no two alike. */
export function nameRules(images: readonly Admissible[]): readonly string[] {
  const taken = new Set<string>();
  return images.map(({ class: extensionClass, name }) => {
    const text = `${extensionClass} ${name}`.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
    let unique = cut(text, maximumRuleName);
    for (let count = 2; taken.has(unique); count++)
      unique = `${cut(text, maximumRuleName - ` ${count}`.length)} ${count}`;
    taken.add(unique);
    return unique;
  });
}

/** Whole characters that take no more than so many UTF-16 code units. */
function cut(text: string, units: number): string {
  const characters = Array.from(text);
  while (characters.join('').length > units) characters.pop();
  return characters.join('');
}
