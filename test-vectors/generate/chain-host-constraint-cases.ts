import type { ChainDraft } from './chain-case.ts';
import { bad, good, under } from './chain-constrained.ts';
import { generalName, nameOf } from './chain-name.ts';

const { dns, email, ip, uri } = generalName;

/** Cases about constraints on hosts, mailboxes, URIs and addresses. */
export function hostConstraintCases(): ChainDraft[] {
  return [...hosts(), ...mails(), ...resources(), ...addresses()];
}

function hosts(): ChainDraft[] {
  const permitted = { permitted: [dns('example.org')] };
  const excluded = { excluded: [dns('example.org')] };
  return [
    good('dns-itself', 'the host that is permitted', under(permitted, {}, dns('example.org'))),
    good('dns-below', 'a host below the one that is permitted', under(permitted, {}, dns('a.b.example.org'))),
    good(
      'dns-capitals',
      'a host below the one that is permitted, in capitals',
      under(permitted, {}, dns('A.EXAMPLE.ORG')),
    ),
    bad('dns-outside', 'another host', under(permitted, {}, dns('example.net'))),
    bad('dns-ends-alike', 'a host that ends alike', under(permitted, {}, dns('badexample.org'))),
    bad(
      'dns-one-of-two',
      'one host that is permitted, and one that is not',
      under(permitted, {}, dns('example.org'), dns('example.net')),
    ),
    bad('dns-excluded', 'a host below the one that is excluded', under(excluded, {}, dns('a.example.org'))),
    bad(
      'dns-excluded-capitals',
      'a host that is excluded, in capitals',
      under(excluded, {}, dns('EXAMPLE.ORG')),
    ),
    good('dns-not-excluded', 'a host that is not excluded', under(excluded, {}, dns('example.net'))),
    good('dns-none', 'no host, and constraints on hosts', under(permitted)),
    bad(
      'dns-in-subject',
      'another host, in the name of the signer',
      under(permitted, { subject: 'example.net' }),
      'example.net',
    ),
    bad(
      'dns-everything-excluded',
      'every host is excluded',
      under({ excluded: [dns('')] }, {}, dns('a.example.org')),
    ),
  ];
}

function mails(): ChainDraft[] {
  const [mailbox, host, domain] = ['a@example.org', 'example.org', '.example.org'].map((base) => ({
    permitted: [email(base)],
  }));
  const inSubject = { subject: nameOf(['CN', 'signer'], ['E', 'a@example.net']) };
  return [
    good('mailbox', 'the mailbox that is permitted', under(mailbox ?? {}, {}, email('a@example.org'))),
    bad('mailbox-other', 'another mailbox', under(mailbox ?? {}, {}, email('b@example.org'))),
    good(
      'mailbox-host',
      'a mailbox at the host that is permitted',
      under(host ?? {}, {}, email('b@example.org')),
    ),
    bad(
      'mailbox-below-host',
      'a mailbox below the host that is permitted',
      under(host ?? {}, {}, email('b@a.example.org')),
    ),
    good(
      'mailbox-domain',
      'a mailbox in the domain that is permitted',
      under(domain ?? {}, {}, email('b@a.example.org')),
    ),
    bad(
      'mailbox-domain-itself',
      'a mailbox at the name of the domain, which is not in it',
      under(domain ?? {}, {}, email('b@example.org')),
    ),
    bad(
      'mailbox-excluded',
      'a mailbox at a host that is excluded, in capitals',
      under({ excluded: [email('example.org')] }, {}, email('b@EXAMPLE.ORG')),
    ),
    bad(
      'mailbox-in-subject',
      'another mailbox, in the name of the signer',
      under(host ?? {}, inSubject),
      'CN=signer, E=a@example.net',
    ),
  ];
}

function resources(): ChainDraft[] {
  const [host, domain] = ['example.org', '.example.org'].map((base) => ({ permitted: [uri(base)] }));
  return [
    good(
      'uri-host',
      'a URI at the host that is permitted',
      under(host ?? {}, {}, uri('https://example.org/path')),
    ),
    good(
      'uri-port',
      'a URI at the host that is permitted, with a port',
      under(host ?? {}, {}, uri('https://example.org:8443/path')),
    ),
    bad(
      'uri-below-host',
      'a URI below the host that is permitted',
      under(host ?? {}, {}, uri('https://a.example.org/')),
    ),
    good(
      'uri-domain',
      'a URI in the domain that is permitted',
      under(domain ?? {}, {}, uri('https://a.example.org/')),
    ),
    bad('uri-outside', 'a URI elsewhere', under(domain ?? {}, {}, uri('https://example.net/?.example.org'))),
    bad(
      'uri-user',
      'a URI elsewhere, with the permitted host for a user',
      under(host ?? {}, {}, uri('https://example.org@example.net/')),
    ),
    bad('uri-no-host', 'a URI without a host', under(host ?? {}, {}, uri('urn:example:org'))),
    bad(
      'uri-excluded',
      'a URI at a host that is excluded',
      under({ excluded: [uri('example.org')] }, {}, uri('https://EXAMPLE.org/')),
    ),
  ];
}

function addresses(): ChainDraft[] {
  const network = { permitted: [ip(192, 0, 2, 0, 255, 255, 255, 0)] };
  const six = (...last: readonly number[]) => [
    0x20,
    0x01,
    0x0d,
    0xb8,
    ...Array.from({ length: 12 - last.length }, () => 0),
    ...last,
  ];
  const permittedSix = {
    permitted: [ip(...six(), 255, 255, 255, 255, ...Array.from({ length: 12 }, () => 0))],
  };
  return [
    good('ip-inside', 'an address in the network that is permitted', under(network, {}, ip(192, 0, 2, 9))),
    bad('ip-outside', 'an address elsewhere', under(network, {}, ip(192, 0, 3, 9))),
    bad(
      'ip-excluded',
      'an address in a network that is excluded',
      under({ excluded: [ip(192, 0, 2, 0, 255, 255, 255, 0)] }, {}, ip(192, 0, 2, 9)),
    ),
    good(
      'ip6-inside',
      'an IPv6 address in the network that is permitted',
      under(permittedSix, {}, ip(...six(9))),
    ),
    bad(
      'ip6-under-ip',
      'an IPv6 address, and an IPv4 network is permitted',
      under(network, {}, ip(...six(9))),
    ),
    bad('ip-odd', 'an address of five octets', under(network, {}, ip(192, 0, 2, 9, 9))),
  ];
}
