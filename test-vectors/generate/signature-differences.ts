import type { SignatureJudge } from './signature-group.ts';

type Tool = SignatureJudge['tool'];

const [smime, cms] = ['openssl smime', 'openssl cms'] as const;

const revocationLists =
  'Passes over revocation lists in messages; here they are not read, and a policy names its own.';

const rows: readonly (readonly [why: string, tool: Tool, ...ids: readonly string[]])[] = [
  [
    'PKCS7_verify() reads the older PKCS#7, without key identifiers, RSA-PSS or Edwards curves; systemd refuses this too.',
    smime,
    ...[
      'key-identifier',
      'key-identifier-by-hand',
      'rsa-pss',
      'rsa-pss-sha512',
      'rsa-pss-no-salt',
      'ed25519',
    ],
  ],
  [
    'Verifies the content that it is given, and passes over the one inside.',
    smime,
    ...['attached', 'attached-empty', 'attached-other', 'content-type'],
  ],
  ['Is not asked for validity periods; nor does systemd ask.', smime, 'pinned-late', 'pinned-early'],
  ['Is not asked for purposes; nor does systemd ask.', smime, 'pinned-usage'],
  ['Passes over what follows the message.', smime, 'trailing-byte', 'twice'],
  ['Reads BER.', smime, 'indefinite-length', 'long-length'],
  [
    'Is not asked how strong digests, keys and curves are; nor does systemd ask.',
    smime,
    ...['sha1', 'rsa1024', 'rsa-md5', 'rsa-sha224', 'secp256k1'],
  ],
  [
    'Encodes the attributes anew, in the right order, before it verifies them.',
    smime,
    ...['attribute-order', 'attribute-order-unknown'],
  ],
  [
    'Looks for a message digest alone, and takes the first.',
    smime,
    ...['two-digests', 'two-values', 'no-content-type', 'attribute-content-type'],
  ],
  [
    'Takes the kind of signature from the key.',
    smime,
    'other-key-type',
    'algorithm-parameters',
    'rsa-pss-key-unnamed',
  ],
  [revocationLists, smime, 'revocations'],
  [revocationLists, cms, 'revocations'],
  ['Does not look at versions.', smime, 'version-0', 'version-3', 'signer-version'],
  ['Has no such limit.', smime, 'many-signers', 'many-certificates'],
  ['Looks for the signer itself among the certificates, as systemd does.', smime, 'either-issued'],
  [
    'Is asked for any purpose, since not every version knows code signing.',
    cms,
    ...['usage-above', 'key-usage', 'extended-key-usage', 'no-extended-key-usage', 'any-usage'],
  ],
  ['Takes a trusted certificate for a signer as well as for an issuer.', cms, 'anchor-signs-itself'],
  ['Takes a certificate for expired in its last second.', cms, 'pinned-last'],
  ['Has no Ed25519 in messages without attributes.', cms, 'ed25519'],
  ['Allows longer paths.', cms, 'nine-certificates'],
  ['Allows SHA-224 at this level.', cms, 'leaf-sha224'],
];

/** By case and tool: why the tool's verdict is not the one that is expected. */
export const signatureDifferences: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([why, tool, ...ids]) => ids.map((id) => [`${id} ${tool}`, why] as const)),
);
