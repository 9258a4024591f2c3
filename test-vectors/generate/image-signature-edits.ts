import { entry, fine, type ImageEdit, open, signature, startOf, table, tree } from './image-edit.ts';

const flags = ['SignaturePartition'];
const bad = { ...open, flags };
const hash = /[0-9a-f]{64}/;
/** The value of the member `signature`. */
const base64 = /"signature":"([^"]+)"/;

const value = (id: string, comment: string, change: (base64: string) => string): ImageEdit => ({
  ...bad,
  from: 'signature-no-fingerprint',
  id: `signature-base64-${id}`,
  comment,
  edit: signature((text) => text.replace(base64, (_, old: string) => `"signature":"${change(old)}"`)),
});

const nested = (depth: number): string => `{"deep":${'['.repeat(depth)}${']'.repeat(depth)},`;

/** Cases about the text of the signature partition. */
export const signatureEdits: readonly ImageEdit[] = [
  {
    ...fine,
    flags,
    id: 'signature-white-space',
    comment: 'White space between all parts of the text.',
    edit: signature((text) => JSON.stringify(JSON.parse(text), null, '\t').replaceAll('\n', ' \r\n')),
  },
  {
    ...fine,
    flags,
    id: 'signature-members-reversed',
    comment: 'The members in reverse order.',
    edit: signature((text) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())),
    ),
  },
  {
    ...fine,
    flags,
    id: 'signature-escaped-key',
    comment: 'A letter of a key is written as an escape, which JSON says is the same key.',
    edit: signature((text) => text.replace('"rootHash"', '"root\\u0048ash"')),
  },
  {
    ...bad,
    id: 'signature-escaped-key-twice',
    comment: 'Two keys that are one after escapes are undone.',
    edit: signature((text) => text.replace('{', `{"root\\u0048ash":"${'00'.repeat(32)}",`)),
  },
  {
    ...bad,
    id: 'signature-unknown-key-twice',
    comment: 'A key that is not known, twice: what one parser takes, another refuses.',
    edit: signature((text) => text.replace('{', '{"later":1,"later":2,')),
  },
  {
    ...bad,
    id: 'signature-deep',
    comment: 'Arrays nested 5000 deep in a member that is not known.',
    edit: signature((text) => text.replace('{', nested(5000))),
  },
  {
    ...bad,
    id: 'signature-byte-order-mark',
    comment: 'A byte order mark before the text.',
    edit: signature((text) => `\ufeff${text}`),
  },
  {
    ...bad,
    id: 'signature-utf-8',
    comment: 'A member that is not known has a string that is not UTF-8.',
    edit: signature((text) =>
      Buffer.concat([Buffer.from('{"later":"'), Buffer.of(0xff), Buffer.from(`",${text.slice(1)}`)]),
    ),
  },
  {
    ...bad,
    id: 'signature-lone-surrogate',
    comment: 'A member that is not known has half of a surrogate pair.',
    edit: signature((text) => text.replace('{', '{"later":"\\ud800",')),
  },
  {
    ...bad,
    id: 'signature-nul-inside',
    comment: 'A NUL after the first brace: some readers end there.',
    edit: signature((text) => text.replace('{', '{\0')),
  },
  {
    ...bad,
    id: 'signature-nul-escaped',
    comment: 'The root hash ends in an escaped NUL: as a C string it is right.',
    edit: signature((text) => text.replace(hash, (old) => `${old}\\u0000`)),
  },
  {
    ...bad,
    id: 'signature-trailing-comma',
    comment: 'A comma before the last brace.',
    edit: signature((text) => text.replace(/\}\s*$/, ',}')),
  },
  {
    ...bad,
    id: 'signature-comment',
    comment: 'A comment, which some parsers pass over.',
    edit: signature((text) => `/* */${text}`),
  },
  {
    ...bad,
    id: 'signature-two-objects',
    comment: 'A second object after the first.',
    edit: signature((text) => `${text}${text}`),
  },
  { ...bad, id: 'signature-array', comment: 'An array around the object.', edit: signature((t) => `[${t}]`) },
  { ...bad, id: 'signature-null', comment: 'The text is null.', edit: signature(() => 'null') },
  { ...bad, id: 'signature-empty', comment: 'Nothing but zeros.', edit: signature(() => '') },
  {
    ...bad,
    id: 'signature-no-root-hash',
    comment: 'No root hash.',
    edit: signature((text) => text.replace('"rootHash"', '"roothash"')),
  },
  {
    ...bad,
    id: 'signature-no-signature',
    comment: 'No signature.',
    edit: signature((text) => text.replace('"signature"', '"Signature"')),
  },
  {
    ...bad,
    id: 'signature-root-hash-number',
    comment: 'The root hash is a number.',
    edit: signature((text) => text.replace(/"[0-9a-f]{64}"/, '1')),
  },
  {
    ...bad,
    id: 'signature-root-hash-array',
    comment: 'The root hash is an array of one string.',
    edit: signature((text) => text.replace(/"[0-9a-f]{64}"/, (old) => `[${old}]`)),
  },
  {
    ...bad,
    id: 'signature-root-hash-odd',
    comment: 'The root hash has 63 digits.',
    edit: signature((text) => text.replace(hash, (old) => old.slice(1))),
  },
  {
    ...bad,
    id: 'signature-root-hash-space',
    comment: 'White space within the root hash, which some readers of hexadecimal pass over.',
    edit: signature((text) => text.replace(hash, (old) => `${old.slice(0, 32)} ${old.slice(32)}`)),
  },
  {
    ...bad,
    id: 'signature-root-hash-prefix',
    comment: 'The root hash begins with 0x.',
    edit: signature((text) => text.replace(hash, (old) => `0x${old}`)),
  },
  {
    ...bad,
    id: 'signature-root-hash-empty',
    comment: 'The root hash is empty.',
    edit: signature((text) => text.replace(hash, '')),
  },
  {
    ...tree,
    flags: ['Identity'],
    from: 'sysext-x86-64-rsa',
    id: 'signature-root-hash-short',
    comment: 'The root hash lacks its last byte: not a SHA-256 digest, as the hash tree has.',
    refused: { code: 'root-hash-mismatch', stage: 'tree' },
    edit: signature((text) => text.replace(hash, (old) => old.slice(0, 62))),
  },
  {
    ...bad,
    id: 'signature-fingerprint-colons',
    comment: 'The fingerprint of the certificate has colons.',
    edit: signature((text) =>
      text.replace(/("certificateFingerprint":\s*")([0-9a-f]+)/, (_, key: string, old: string) => {
        return key + (old.match(/../g) ?? []).join(':');
      }),
    ),
  },
  {
    ...bad,
    id: 'signature-fingerprint-null',
    comment: 'The fingerprint of the certificate is null.',
    edit: signature((text) =>
      text.replace(/"certificateFingerprint":\s*"[0-9a-f]+"/, '"certificateFingerprint":null'),
    ),
  },
  value('newline', 'A newline within the base64 text.', (text) => `${text.slice(0, 64)}\\n${text.slice(64)}`),
  value('no-padding', 'The base64 text lacks its padding.', (text) => text.replace(/=+$/, '')),
  value('padding-inside', 'Padding in the middle of the base64 text.', (text) => `QQ==${text}`),
  value('url-alphabet', 'Base64 with the alphabet for URLs.', (text) =>
    text.replaceAll('+', '-').replaceAll('/', '_'),
  ),
  value('character', 'A character that is not base64.', (text) => `!${text.slice(1)}`),
  value('unused-bits', 'The bits of the last character that mean nothing are not zero.', (text) =>
    text.replace(/.(?==+$)/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  ),
  {
    ...bad,
    from: 'signature-4-mib',
    id: 'signature-4-mib-and-a-sector',
    comment: 'A signature partition of 4 MiB and a sector, more than systemd reads.',
    edit: (bytes) => {
      const at = startOf(bytes, 3);
      const longer = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(512, ' '), bytes.subarray(at)]);
      return growLast(longer);
    },
  },
];

/** Makes the table of an image that became a sector longer within partition 3 say so. */
function growLast(bytes: Buffer): Buffer {
  bytes.fill(0, bytes.length - 33 * 512);
  bytes.writeUInt32LE(bytes.length / 512 - 1, 458);
  for (const field of [512 + 32, 512 + 48, entry(3, 40)])
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(field) + 1n, field);
  return table(() => undefined)(bytes);
}
