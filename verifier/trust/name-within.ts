import { isWithin } from './distinguished-name.ts';
import type { GeneralName } from './general-name.ts';

/** `unclear`: of one form, and yet not to be compared. */
export type Within = 'yes' | 'no' | 'unclear';

/**
 * Whether a name is within a subtree (RFC 5280 section 4.2.1.10, read as OpenSSL reads it); `no` for names of two forms.
 */
export function nameWithin(name: GeneralName, base: GeneralName): Within {
  if (name.form === 'directory' && base.form === 'directory') return answer(isWithin(name.name, base.name));
  if (name.form === 'ip' && base.form === 'ip') return answer(addressWithin(name.octets, base.octets));
  if (name.form !== base.form) return 'no';
  if (!('text' in name) || !('text' in base) || name.text.length > maximumLength) return 'unclear';
  switch (name.form) {
    case 'dns':
      return dnsWithin(name.text.toLowerCase(), base.text.toLowerCase());
    case 'email':
      return mailboxWithin(name.text, base.text);
    case 'uri':
      return uriWithin(name.text.toLowerCase(), base.text.toLowerCase());
  }
}

function answer(within: boolean): Within {
  return within ? 'yes' : 'no';
}

// A name is read anew for each base, and a certificate has room for 60,000 characters.
const maximumLength = 2048;
const maximumHost = 253; // RFC 1035 section 2.3.4, without the length octets

// Whatever is written otherwise could be another spelling of an excluded host: a dot at the end, a wildcard.
function isHost(text: string): boolean {
  return text.length <= maximumHost && /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/.test(text);
}

// Zero or more labels may stand before the base; with a dot before it, at least one.
function dnsWithin(host: string, base: string): Within {
  if (base === '') return 'yes';
  if (!isHost(host) || !isHost(base.replace(/^\./, ''))) return 'unclear';
  return answer(host === base || host.endsWith(base.startsWith('.') ? base : `.${base}`));
}

// With a dot before it, the base is the hosts below; without one, it is one host.
function hostWithin(host: string, base: string): Within {
  if (!isHost(host) || !isHost(base.replace(/^\./, ''))) return 'unclear';
  return answer(base.startsWith('.') ? host.endsWith(base) : host === base);
}

// A mailbox, all mailboxes of a host, or with a dot before it of the hosts below it. Local parts differ by case.
function mailboxWithin(mailbox: string, base: string): Within {
  const [local, host = ''] = splitMailbox(mailbox);
  if (local === undefined) return 'unclear';
  if (!base.includes('@')) return hostWithin(host, base.toLowerCase());
  const [onlyLocal, onlyHost = ''] = splitMailbox(base);
  if (onlyLocal === undefined || onlyHost.startsWith('.')) return 'unclear';
  const within = hostWithin(host, onlyHost);
  return within === 'yes' ? answer(local === onlyLocal) : within;
}

// A quoted local part has many spellings.
function splitMailbox(text: string): readonly string[] {
  const [, local, host] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(text) ?? [];
  return local === undefined || host === undefined ? [] : [local, host.toLowerCase()];
}

// The host of a URI with an authority. A user before it or an address in its place, whose last label has no letter, is
// nothing to compare.
function uriWithin(uri: string, base: string): Within {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri) ?? [];
  const [, host] = /^([a-z0-9._-]+)(?::\d*)?$/.exec(authority) ?? [];
  return host === undefined || /(?:^|\.)\d+$/.test(host) ? 'unclear' : hostWithin(host, base);
}

function addressWithin(octets: Uint8Array, base: Uint8Array): boolean {
  const size = octets.length;
  return (
    base.length === size * 2 &&
    octets.every((octet, at) => ((octet ^ (base[at] ?? 0)) & (base[size + at] ?? 0xff)) === 0)
  );
}
