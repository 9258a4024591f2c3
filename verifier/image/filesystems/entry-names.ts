import { Malformed, Unsupported } from '../../bytes/failures.ts';

/**
 * The name of a directory entry as text. Names need not be UTF-8 on Linux: every byte is a character of its own, so that no
 * two names look the same; what is looked for here is ASCII.
 *
 * @throws Malformed for what is no name: a path could say more than the directory does.
 */
export function parseEntryName(bytes: Uint8Array, where: string): string {
  const name = Buffer.from(bytes).toString('latin1');
  if (name === '' || name.includes('/') || name.includes('\0'))
    throw new Malformed(where, 'has a name that is none');
  return name;
}

/** The entries of a directory by name, as they are collected. `.` and `..` are left out. */
export class EntryTable<Reference> {
  readonly #entries = new Map<string, Reference>();
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  /** @throws Malformed if there is such a name already: readers could differ on which one counts. */
  add(name: string, reference: Reference): void {
    if (name === '.' || name === '..') return;
    if (this.#entries.has(name)) throw new Malformed(this.#where, 'has two entries of one name');
    this.#entries.set(name, reference);
  }

  get(name: string): Reference | undefined {
    return this.#entries.get(name);
  }

  names(maximum: number): readonly string[] {
    if (this.#entries.size > maximum) throw new Unsupported(this.#where, `has more than ${maximum} entries`);
    return [...this.#entries.keys()];
  }
}

/** The target of a symbolic link. */
export function parseLinkTarget(bytes: Uint8Array, where: string): string {
  const target = Buffer.from(bytes).toString('latin1');
  if (target === '' || target.includes('\0')) throw new Malformed(where, 'is a link to nothing');
  return target;
}

export const maximumTargetBytes = 4095;
/** More than this is no directory that anybody has to look into. */
export const maximumDirectoryBytes = 4 * 1024 * 1024;
export const maximumAttributeBytes = 64 * 1024;
