import { Malformed } from '../bytes/failures.ts';
import { childrenOf, type DerValue } from './der.ts';
import { type GeneralName, parseGeneralName } from './general-name.ts';

/** The names that an authority may certify below itself (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  /** Of each form that is among them, a name must be within one. */
  readonly permitted: readonly GeneralName[];
  /** No name may be within one. */
  readonly excluded: readonly GeneralName[];
}

/**
 * @param value what the extension holds: SEQUENCE { [0] GeneralSubtrees OPTIONAL, [1] GeneralSubtrees OPTIONAL }.
 * @throws Malformed naming `field`; also for constraints on nothing, which say that somebody meant something; and for a minimum or maximum, which the profile of RFC 5280 does not have.
 */
export function parseNameConstraints(value: DerValue, field: string): NameConstraints {
  const lists = childrenOf(value, 0x30, /^(a0|a1|a0 a1)$/, field);
  const subtreesOf = (tag: number): GeneralName[] => {
    const list = lists.find((one) => one.tag === tag);
    return list ? childrenOf(list, tag, /^30( 30)*$/, field).map((one) => parseSubtree(one, field)) : [];
  };
  return { permitted: subtreesOf(0xa0), excluded: subtreesOf(0xa1) };
}

function parseSubtree(subtree: DerValue, field: string): GeneralName {
  const [base, ...more] = subtree.children;
  if (base === undefined) throw new Malformed(field, 'has a subtree without a name');
  if (more.length > 0) throw new Malformed(field, 'has a subtree with a minimum or a maximum');
  const name = parseGeneralName(base, field);
  if (name.form === 'ip' && name.octets.length !== 8 && name.octets.length !== 32)
    throw new Malformed(field, 'has an address without a mask');
  return name;
}
