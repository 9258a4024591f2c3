import { type BigIntStats, closeSync, opendirSync, readlinkSync } from 'node:fs';

import { Unsupported } from '../bytes/failures.ts';
import { showPath } from '../image/tree-entry.ts';
import {
  attempt,
  checkUnchanged,
  closeAll,
  descriptorPath,
  openAgain,
  openEntry,
  statusOf,
} from './directory-status.ts';

/** What a walk refuses to go beyond: a tree made to be endless ends here. */
export interface TreeLimits {
  /** Names in the tree, its root among them. */
  readonly entries: number;
  /** Directories in directories. */
  readonly depth: number;
  /** Bytes of a path from the root of the tree. */
  readonly pathBytes: number;
  /** Bytes in regular files; a sparse file of many terabytes costs nothing to make. */
  readonly dataBytes: number;
}

/** An entry that was come by, not yet read. Whoever takes it closes its descriptor. */
export interface Found {
  /** From the root of the tree, a byte string; empty for the root. */
  readonly path: string;
  /** For people: where it lies on this system. */
  readonly shown: string;
  /** Opened with O_PATH. */
  readonly descriptor: number;
  readonly status: BigIntStats;
  /** Of a symbolic link; null for all else. */
  readonly target: Uint8Array | null;
}

interface OpenDirectory extends Omit<Found, 'target'> {
  names: readonly string[];
  next: number;
}

/**
 * Walks a tree in the order of its digest. Every entry is opened once, below the open directory that it is in, and only
 * its descriptor is used from then on: neither a symbolic link nor another directory put in its place on the way is followed.
 *
 *     openat(DIRECTORY, name, O_PATH|O_NOFOLLOW) = N     as open("/proc/self/fd/DIRECTORY/name"), Node having no openat
 *     fstat(N)                                           what it is
 *     readlinkat(DIRECTORY, name)                        a link: its target
 *     open("/proc/self/fd/N", O_PATH), getdents          a directory: the same inode again, all its names, sorted
 *     fstat                                              on leaving it: no name came or went meanwhile
 */
export class DirectoryWalk {
  readonly #root: number;
  readonly #shown: string;
  readonly #limits: TreeLimits;
  readonly #open: OpenDirectory[] = [];
  #entries = 1;

  /** @param root opened with O_PATH; it stays the caller's. */
  constructor(root: number, shown: string, limits: TreeLimits) {
    this.#root = root;
    this.#shown = shown;
    this.#limits = limits;
  }

  /**
   * @throws Unsupported for a tree beyond a limit.
   * @throws CouldNotDecide if something cannot be read or changes meanwhile.
   */
  *entries(): Generator<Found, void, undefined> {
    try {
      const descriptor = openAgain(this.#root, this.#shown);
      yield this.#enter({ path: '', shown: this.#shown, descriptor });
      for (let directory = this.#open.at(-1); directory !== undefined; directory = this.#open.at(-1)) {
        const name = directory.names[directory.next++];
        if (name === undefined) this.#leave();
        else yield this.#find(directory, name);
      }
    } finally {
      closeAll(this.#open.map(({ descriptor }) => descriptor));
    }
  }

  #find(directory: OpenDirectory, name: string): Found {
    const path = directory.path === '' ? name : `${directory.path}/${name}`;
    const shown = `${this.#shown}/${showPath(Buffer.from(path, 'latin1'))}`;
    if (path.length > this.#limits.pathBytes)
      throw new Unsupported(shown, `has a path of more than ${this.#limits.pathBytes} bytes`);
    const descriptor = openEntry(directory.descriptor, name, shown);
    return this.#enter({ path, shown, descriptor }, { directory, name });
  }

  /** Takes the status of an entry, with its target if it is a link; a directory is what the walk goes on with. */
  #enter(entry: Pick<Found, 'path' | 'shown' | 'descriptor'>, at?: Place): Found {
    try {
      const status = statusOf(entry.descriptor, entry.shown);
      if (status.isDirectory()) this.#descend({ ...entry, status });
      const target = status.isSymbolicLink() && at !== undefined ? readTarget(at, entry.shown) : null;
      return { ...entry, status, target };
    } catch (error) {
      closeSync(entry.descriptor);
      throw error;
    }
  }

  #descend({ path, shown, descriptor: found, status }: Omit<Found, 'target'>): void {
    if (this.#open.length > this.#limits.depth)
      throw new Unsupported(shown, `is more than ${this.#limits.depth} directories deep`);
    const descriptor = openAgain(found, shown);
    const directory: OpenDirectory = { path, shown, status, descriptor, names: [], next: 0 };
    // First of all among those that are closed, whatever happens.
    this.#open.push(directory);
    directory.names = this.#names(descriptor, shown);
  }

  #names(descriptor: number, shown: string): string[] {
    const names: string[] = [];
    const options = { encoding: 'latin1', bufferSize: 1024 } as const;
    const directory = attempt(shown, () => opendirSync(descriptorPath(descriptor), options));
    try {
      for (;;) {
        const entry = attempt(shown, () => directory.readSync());
        if (entry === null) break;
        if (++this.#entries > this.#limits.entries)
          throw new Unsupported(this.#shown, `has more than ${this.#limits.entries} entries`);
        names.push(entry.name);
      }
    } finally {
      directory.closeSync();
    }
    return names.sort((a, b) => (a < b ? -1 : 1));
  }

  #leave(): void {
    const directory = this.#open.at(-1);
    if (directory === undefined) return;
    checkUnchanged(directory.status, statusOf(directory.descriptor, directory.shown), directory.shown);
    this.#open.pop();
    closeSync(directory.descriptor);
  }
}

interface Place {
  readonly directory: OpenDirectory;
  readonly name: string;
}

/** Another link of that name by now shows itself: the one that was opened has lost a name, and its status tells. */
function readTarget({ directory, name }: Place, shown: string): Uint8Array {
  const path = Buffer.from(`${descriptorPath(directory.descriptor)}/${name}`, 'latin1');
  return new Uint8Array(attempt(shown, () => readlinkSync(path, { encoding: 'buffer' })));
}
