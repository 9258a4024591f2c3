import { createHmac } from 'node:crypto';

import { digest, type DigestName, digestSizes } from '../bytes/digest.ts';

/** What a key is derived for. Labels end in the zero octet that both functions put after them. */
export interface Derivation {
  readonly hash: DigestName;
  /** Without the zero octet at its end. */
  readonly label: string;
  readonly partyU: Uint8Array;
  readonly partyV: Uint8Array;
  /** A multiple of 8. */
  readonly bits: number;
}

/**
 * KDFa of TPMs: NIST SP 800-108 in counter mode with HMAC (TCG "TPM 2.0 Library Part 1", section 11.4.10.2).
 *
 * @returns `bits / 8` bytes.
 */
export function kdfa(key: Uint8Array, { hash, label, partyU, partyV, bits }: Derivation): Uint8Array {
  return blocks(hash, bits, (counter) =>
    createHmac(hash, key)
      .update(counter)
      .update(`${label}\0`)
      .update(partyU)
      .update(partyV)
      .update(u32(bits))
      .digest(),
  );
}

/**
 * KDFe of TPMs: the concatenation KDF of NIST SP 800-56A (TCG "TPM 2.0 Library Part 1", section 11.4.10.3).
 *
 * @param z the shared x coordinate, as long as the curve's field.
 * @returns `bits / 8` bytes.
 */
export function kdfe(z: Uint8Array, { hash, label, partyU, partyV, bits }: Derivation): Uint8Array {
  return blocks(hash, bits, (counter) => digest(hash, counter, z, `${label}\0`, partyU, partyV));
}

function blocks(hash: DigestName, bits: number, block: (counter: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = bits / 8;
  const count = Math.ceil(bytes / digestSizes[hash]);
  const all = Array.from({ length: count }, (_, index) => block(u32(index + 1)));
  return new Uint8Array(Buffer.concat(all, bytes));
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
