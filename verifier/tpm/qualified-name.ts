import { Cursor } from '../bytes/cursor.ts';
import { digest, type DigestName, digestSizes } from '../bytes/digest.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { readHash, readTpm2b } from './structures.ts';

/** TPM_RH_ENDORSEMENT (TCG "TPM 2.0 Library Part 2", section 7.4). */
const endorsementHierarchy = Uint8Array.of(0x40, 0x00, 0x00, 0x0b);

/** Name of a key: identifier of its name algorithm, and by that the digest of its TPMT_PUBLIC (TCG "TPM 2.0 Library Part 1", section 16). */
export function nameOf(publicArea: Uint8Array, nameAlgorithm: DigestName): Uint8Array {
  const name = new Uint8Array(2 + digestSizes[nameAlgorithm]);
  // TPMT_PUBLIC has the identifier behind that of its type.
  name.set(publicArea.subarray(2, 4));
  name.set(digest(nameAlgorithm, publicArea), 2);
  return name;
}

/**
 * Qualified name of a key under an endorsement key: each ancestor's in its own name algorithm, over that above it and its name
 * (Part 1, section 16). A quote says it of the key that signed.
 *
 * @param endorsement TPM2B_PUBLIC of the endorsement key, a primary key of the endorsement hierarchy.
 * @param attestation TPM2B_PUBLIC of the key.
 * @throws Malformed if either is none.
 */
export function qualifiedNameUnder(endorsement: Uint8Array, attestation: Uint8Array): Hex {
  return toHex(qualify(qualify(endorsementHierarchy, endorsement), attestation));
}

function qualify(parent: Uint8Array, tpm2bPublic: Uint8Array): Uint8Array {
  const field = 'public area';
  const outer = new Cursor(tpm2bPublic, 'big');
  const publicArea = readTpm2b(outer, field, 0xffff);
  outer.end(field);
  const inner = new Cursor(publicArea, 'big');
  inner.skip(2, field);
  const nameAlgorithm = readHash(inner, `${field} nameAlg`);
  const name = nameOf(publicArea, nameAlgorithm);
  const qualified = new Uint8Array(name);
  qualified.set(digest(nameAlgorithm, parent, name), 2);
  return qualified;
}
