import { Unsupported } from '../../bytes/failures.ts';
import { type EntryTable, maximumDirectoryBytes } from './entry-names.ts';

/**
 * The directories of a file system that were parsed, by inode. A path can lead through one again and again, if it contains
 * itself, and through many that are each as large as one may be: each is parsed once, and all together are not larger than one.
 */
export class ParsedDirectories<Inode, Reference> {
  readonly #tables = new Map<Inode, EntryTable<Reference>>();
  #bytes = 0;

  /** @throws Unsupported if there is more of them than anybody has to look into. */
  async read(
    inode: Inode,
    bytes: number,
    parse: () => Promise<EntryTable<Reference>>,
  ): Promise<EntryTable<Reference>> {
    const known = this.#tables.get(inode);
    if (known !== undefined) return known;
    this.#bytes += bytes;
    if (this.#bytes > maximumDirectoryBytes)
      throw new Unsupported('directories', `have more than ${maximumDirectoryBytes} bytes`);
    const table = await parse();
    this.#tables.set(inode, table);
    return table;
  }
}
