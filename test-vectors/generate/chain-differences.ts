/** What is particular about asking openssl for a case. */
export interface ChainDifference {
  /** Why its verdict is not the one that is expected. */
  readonly why?: string;
  /** Asked for this instead of what the case's usages ask for. */
  readonly purpose?: 'smimesign';
}

const rows: readonly (readonly [difference: ChainDifference | string, ...ids: readonly string[]])[] = [
  [
    'Takes a certificate for expired in its last second; RFC 5280 section 4.1.2.5 has it valid through that.',
    ...['last-second', 'valid-for-one-second', 'pinned-last-second'],
  ],
  [
    'Takes an anchor for an authority that is not called none; RFC 5280 section 6.1.4 (k) is followed below it.',
    ...['anchor-no-basic-constraints', 'version-1-anchor'],
  ],
  ['Knows policy constraints, and enforces them if asked to.', 'policy-constraints'],
  [
    { purpose: 'smimesign' },
    ...['no-key-usage', 'non-repudiation', 'key-encipherment', 'key-cert-sign-alone', 'key-usage-empty'],
  ],
  ['Can be asked for one usage only.', 'usages-one-of-two'],
  ['Takes a certificate without usages for one with all.', 'usage-none'],
  ['Does not take an authority for any usage for one for mail.', 'usage-above-any'],
  [
    'Compares names without regard to case, spaces and kinds of strings (RFC 5280 section 7.1); here they are the same if their bytes are, as authorities must write them (section 4.1.2.6).',
    ...['other-string-type', 'other-case', 'other-spaces'],
  ],
  [
    'Follows one path, and looks for no other if that is bad.',
    ...['two-anchors-of-a-name', 'two-intermediates-alike', 'crossed-and-root', 'mesh-with-far-entrance'],
    ...['unfit-first', 'expired-anchor-first'],
  ],
  [
    'Looks for that certificate alone; RFC 5280 section 6.1 validates without authority key identifiers.',
    'authority-by-another-name',
  ],
  ['Allows longer paths.', 'nine', 'twelve'],
  ['Does not look at exponents.', 'exponent-1', 'exponent-1-issues'],
  ['Allows every curve of that size at this level.', 'p224', 'p224-issues', 'secp256k1', 'secp256k1-anchor'],
  ['Verifies Ed448; here it is not known.', 'ed448', 'ed448-anchor'],
  ['Reads every form of a point, and the one at infinity.', 'point-at-infinity', 'point-hybrid'],
  ['Allows SHA-224 at this level.', 'sha224'],
  ['Does not look at versions.', 'version-1-extensions', 'version-2-extensions', 'version-4'],
  ['Takes any serial number.', 'serial-21-octets', 'serial-negative'],
  ['Does not look for extensions twice among those that it does not know.', 'unknown-twice'],
  [
    'Reads BER, and passes over what follows.',
    ...[
      'constraints-trailing',
      'constraints-indefinite',
      'indefinite-length',
      'long-length',
      'usage-bits-beyond',
    ],
    ...['trailing-byte', 'trailing-byte-intermediate'],
  ],
  ['Takes a list without usages for one that allows none.', 'usages-empty'],
  ['Passes over what it cannot read in a file of certificates.', 'broken-anchor'],
  ['Has no such limit.', 'over-64-kib'],
  [
    'Takes a trusted certificate for a signer as well as for an issuer.',
    ...['issued-itself', 'issued-not-pinned', 'issuer-pinned', 'pinned-intermediate'],
  ],
  ['Looks for unknown critical extensions in trusted signers too.', 'pinned-critical'],
  ['Compares a name of another form with those of its own type alone.', 'other-name'],
  ['Takes constraints on nothing for none.', 'constraints-empty'],
  ['Reads a network of any length, and finds nothing in it.', 'constraints-bad-mask'],
  ['Follows one path, and looks for no other if that is revoked.', 'renewed-after-revocation'],
  ['Takes a list for out of date in the second of its next update.', 'list-last-second'],
  ['Takes a list without a next update for one that is always in date.', 'list-without-end'],
  [
    'Asks the newest list alone; here what any list in date revokes is revoked.',
    'revoked-in-older',
    'revoked-in-second',
  ],
  ['Asks lists about anchors too.', 'anchor-revokes-itself', 'anchor-below-a-root-lists'],
  ['Believes the list of an issuer that nobody trusts if the signer is trusted.', 'pinned-with-strange-list'],
  ['Does not look at the digests of lists.', 'list-sha1'],
  [
    'Processes what lists say of their scope; here such a list says nothing.',
    'only-users',
    'entry-of-another',
  ],
  ['Takes what changed since another list for a list.', 'delta'],
  ['Passes over what follows a list.', 'list-trailing-byte'],
  ['Lets a list take back a revocation, which only lists of changes may.', 'removed'],
  ['Does not compare the two algorithms that a list names.', 'list-algorithms-differ'],
  ['Does not look at versions of lists.', 'list-version-1-extensions', 'list-version-3'],
  ['Does not look for extensions twice in a list.', 'list-extension-twice'],
];

/** By case: what openssl is asked, and why it says something else. */
export const chainDifferences: ReadonlyMap<string, ChainDifference> = new Map(
  rows.flatMap(([given, ...ids]) => {
    const difference = typeof given === 'string' ? { why: given } : given;
    return ids.map((id) => [id, difference] as const);
  }),
);
