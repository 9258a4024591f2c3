import { Malformed } from '../bytes/failures.ts';
import { childrenOf, type DerValue, parseOid } from './der.ts';
import { type DistinguishedName, parseName } from './distinguished-name.ts';

/**
 * A GeneralName (RFC 5280 section 4.2.1.6), of the forms that constraints are compared on. Text is as encoded, a character an
 * octet; empty where it cannot be compared.
 */
export type GeneralName =
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'directory'; readonly name: DistinguishedName }
  | { readonly form: 'ip'; readonly octets: Uint8Array }
  /** Of a form that is not compared here: which. */
  | { readonly form: `other ${string}` };

const forms: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
]);

// x400Address, ediPartyName, registeredID
const otherTags: ReadonlySet<number> = new Set([0xa3, 0xa5, 0x88]);
// RFC 9598: a mailbox outside ASCII, to which constraints on mailboxes apply; in another form, it would escape them.
const smtpUtf8Mailbox = '1.3.6.1.5.5.7.8.9';

/** @throws Malformed naming `field`. */
export function parseGeneralName(value: DerValue, field: string): GeneralName {
  const form = forms.get(value.tag);
  if (form !== undefined) return { form, text: Buffer.from(value.content).toString('latin1') };
  if (value.tag === 0x87) return { form: 'ip', octets: value.content };
  if (value.tag === 0xa4) {
    const [name] = childrenOf(value, 0xa4, /^30$/, field);
    return { form: 'directory', name: parseName(name, field) };
  }
  if (value.tag === 0xa0) {
    const [type] = childrenOf(value, 0xa0, /^06 a0$/, field);
    return parseOid(type, field) === smtpUtf8Mailbox ? { form: 'email', text: '' } : { form: 'other 0' };
  }
  if (!otherTags.has(value.tag)) throw new Malformed(field, 'has something that is not a name');
  return { form: `other ${(value.tag & 0x1f).toString()}` };
}
