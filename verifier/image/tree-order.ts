import { Malformed } from '../bytes/failures.ts';
import { byteString, showPath, type TreeEntry } from './tree-entry.ts';

/**
 * Orders entries as the digest takes them: a directory before what is in it, names in a directory by their bytes. That is
 * the order of paths compared part by part; comparing whole paths would put `a.b` before `a/b`, away from `a`.
 */
export function inTreeOrder<Entry extends TreeEntry>(entries: Iterable<Entry>): Entry[] {
  // No name holds a NUL, and nothing is less: with it for the slash the order of strings is the order of parts.
  return Array.from(entries, (entry) => ({ entry, key: byteString(entry.path).replaceAll('/', '\0') }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ entry }) => entry);
}

interface OpenDirectory {
  readonly path: string;
  last: string | null;
}

/**
 * Holds a sequence of entries to the one order that a tree has: the root first, then every entry in a directory that came
 * before it, and after its elder siblings with all that is in them. So no name can be there twice, and no tree in two ways.
 */
export class TreeOrder {
  readonly #open: OpenDirectory[] = [];
  #begun = false;

  /** @throws Malformed if this entry cannot come next. */
  accept({ path, node }: TreeEntry): void {
    const text = byteString(path);
    if (this.#begun) this.#enter(text, showPath(path));
    else if (text !== '' || node.type !== 'directory')
      throw new Malformed(showPath(path), 'is not the root directory, which comes first');
    this.#begun = true;
    if (node.type === 'directory') this.#open.push({ path: text, last: null });
  }

  /** @throws Malformed if there was no entry at all. */
  end(): void {
    if (!this.#begun) throw new Malformed('tree', 'has no root directory');
  }

  #enter(text: string, where: string): void {
    const slash = text.lastIndexOf('/');
    const parent = this.#returnTo(text.slice(0, Math.max(slash, 0)));
    if (parent === undefined || text === '')
      throw new Malformed(where, 'is in no directory of the tree, or out of order');
    const name = text.slice(slash + 1);
    if (parent.last !== null && name <= parent.last)
      throw new Malformed(where, 'is there twice or out of order');
    parent.last = name;
  }

  #returnTo(path: string): OpenDirectory | undefined {
    while (this.#open.length > 0 && this.#open.at(-1)?.path !== path) this.#open.pop();
    return this.#open.at(-1);
  }
}
