/* For messages that no tool would make. */
export { encodeDer as der, encodeOid as oid } from '../../verifier/trust/der-writer.ts';

import { encodeDer } from '../../verifier/trust/der-writer.ts';

/** An INTEGER of one octet, whatever that means. */
export function integer(value: number): Uint8Array {
  return encodeDer(0x02, Uint8Array.of(value));
}

export const null_ = Uint8Array.of(0x05, 0x00);
