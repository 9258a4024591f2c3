import { Malformed } from '../bytes/failures.ts';
import { type Hex, parseHex } from '../bytes/hex.ts';
import type { ByteSource } from './byte-source.ts';
import type { Designator } from './partition-types.ts';

/** What lies beside an image and changes how systemd opens it (verity_settings_load() in dissect-image.c). Untrusted. */
export interface Sidecars {
  /** `NAME.verity`: superblock and hash tree of a file system that has no partition table. */
  readonly hashTree: ByteSource | null;
  /** `NAME.roothash`, `NAME.usrhash`, and the extended attributes that stand for them. */
  readonly rootHashes: readonly SidecarRootHash[];
  /** `NAME.roothash.p7s` and `NAME.usrhash.p7s`: detached PKCS#7 in DER. */
  readonly signatures: { readonly root: Uint8Array | null; readonly usr: Uint8Array | null };
}

export interface SidecarRootHash {
  readonly designator: Designator;
  /** The file or attribute, as messages name it. */
  readonly name: string;
  readonly text: Uint8Array;
}

export const noSidecars: Sidecars = {
  hashTree: null,
  rootHashes: [],
  signatures: { root: null, usr: null },
};

/** The root hash that an image has from beside it, and the signature that comes with it. */
export interface SidecarClaim {
  readonly designator: Designator;
  readonly rootHash: Hex;
  /** Where it stands. */
  readonly name: string;
  readonly cms: Uint8Array | null;
}

/**
 * What the sidecars say of the root hash; null if they say nothing. A signature without a root hash is nothing: systemd does not
 * look at it.
 *
 * systemd takes the first that it finds, attributes before files and root before usr. Here all that there are must say
 * the same, so that it makes no difference which one a version of systemd looks at.
 *
 * @throws Malformed
 */
export function readSidecarClaim({ rootHashes, signatures }: Sidecars): SidecarClaim | null {
  const [first, ...others] = rootHashes.map(({ designator, name, text }) => ({
    designator,
    name,
    rootHash: parseRootHashText(text, name),
  }));
  if (first === undefined) return null;
  for (const { designator, name, rootHash } of others) {
    if (rootHash !== first.rootHash || designator !== first.designator)
      throw new Malformed(name, `does not say what ${first.name} says`);
  }
  const cms = signatures[first.designator];
  if (cms?.length === 0) throw new Malformed(`${first.designator}hash.p7s`, 'is empty');
  return { ...first, cms };
}

/**
 * One line of hexadecimal digits. systemd ignores case and white space around it, and signs the lowercase form.
 *
 * @throws Malformed
 */
function parseRootHashText(bytes: Uint8Array, name: string): Hex {
  const text = Buffer.from(bytes).toString('latin1');
  const digits = /^[ \t]*([0-9A-Fa-f]+)[ \t]*(?:\r?\n)?$/.exec(text)?.[1];
  if (digits === undefined) throw new Malformed(name, 'is not one line of hexadecimal digits');
  if (digits.length !== 64 && digits.length !== 128)
    throw new Malformed(name, `has ${digits.length} digits, which is neither sha256 nor sha512`);
  return parseHex(digits.toLowerCase(), name);
}
