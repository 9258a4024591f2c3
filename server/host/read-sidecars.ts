import { basename, dirname, join, relative } from 'node:path';

import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Sidecars, SidecarRootHash } from '../../verifier/image/sidecars.ts';
import { type FileSource, openFileSource } from '../../verifier/node/file-source.ts';
import { chaseInRoot } from '../os/chase.ts';
import { readBounded } from '../os/durable-file.ts';
import { readAttribute } from '../os/extended-attributes.ts';

const maximumHashBytes = 4096;
/** As much as a signature partition may have. */
const maximumSignatureBytes = 4 * 1024 * 1024;

/** What systemd appends to an image's path without `.raw` (systemd.exec(5), RootVerity=). */
export const sidecarSuffixes = ['.verity', '.roothash', '.usrhash', '.roothash.p7s', '.usrhash.p7s'] as const;

/** An image on this system, under the name that systemd opens it by and the one it has when all links are followed. */
export interface ImagePath {
  /** A whole host under a directory; `/` for this host. */
  readonly root: string;
  readonly entry: string;
  readonly target: string;
}

/** Sidecars whose hash tree is an open file. */
export interface OpenSidecars extends Sidecars {
  readonly hashTree: FileSource | null;
}

/**
 * Reads what lies beside an image, and the extended attributes that stand for it, as systemd would
 * (verity_settings_load() in dissect-image.c).
 *
 * @throws CouldNotDecide if something is there and cannot be read, and where it depends on the version of systemd what lies
 *   beside a linked image.
 */
export async function openSidecars(path: ImagePath): Promise<OpenSidecars> {
  const found = await findSidecars(path);
  const read = (suffix: Suffix, maximum: number): Promise<Uint8Array> | null => {
    const file = found.get(suffix);
    return file === undefined ? null : readBounded(file, maximum, { noFollow: true });
  };
  const rootHashes = [
    ...(await readRootHash(path, 'root', found)),
    ...(await readRootHash(path, 'usr', found)),
  ];
  const signatures = {
    root: await read('.roothash.p7s', maximumSignatureBytes),
    usr: await read('.usrhash.p7s', maximumSignatureBytes),
  };
  const tree = found.get('.verity');
  return { hashTree: tree === undefined ? null : await openFileSource(tree), rootHashes, signatures };
}

type Suffix = (typeof sidecarSuffixes)[number];

/** The files behind the sidecars that there are. */
async function findSidecars({ root, entry, target }: ImagePath): Promise<ReadonlyMap<Suffix, string>> {
  const found = new Map<Suffix, string>();
  for (const suffix of sidecarSuffixes) {
    const besideTarget = await findBeside(root, target, suffix);
    const besideEntry = entry === target ? besideTarget : await findBeside(root, entry, suffix);
    // Whether systemd looks beside the link or beside what it leads to is not the same in all versions.
    if (besideEntry !== besideTarget) {
      const [there, missing] = besideEntry === null ? [target, entry] : [entry, target];
      throw new CouldNotDecide(
        `beside ${there} lies a ${suffix} file that is not beside ${missing}, which is the same image; put it beside both, or neither`,
      );
    }
    if (besideTarget !== null) found.set(suffix, besideTarget);
  }
  return found;
}

function findBeside(root: string, imagePath: string, suffix: Suffix): Promise<string | null> {
  const name = basename(imagePath);
  const stem = name.endsWith('.raw') ? name.slice(0, -'.raw'.length) : name;
  const path = join(dirname(imagePath), `${stem}${suffix}`);
  return chaseInRoot(root, join('/', relative(root, path)));
}

async function readRootHash(
  { target }: ImagePath,
  designator: SidecarRootHash['designator'],
  found: ReadonlyMap<Suffix, string>,
): Promise<SidecarRootHash[]> {
  const attribute = `user.verity.${designator}hash`;
  const value = await readAttribute(target, attribute);
  const file = found.get(`.${designator}hash`);
  return [
    ...(value === null ? [] : [{ designator, name: attribute, text: value }]),
    ...(file === undefined
      ? []
      : [
          {
            ...{ designator, name: basename(file) },
            text: await readBounded(file, maximumHashBytes, { noFollow: true }),
          },
        ]),
  ];
}
