import type { ReasonCode } from '../../verifier/reasons.ts';
import type { Issued } from './openssl-pki.ts';
import { rootHash, type SignatureWriter } from './signature-writer.ts';

/** Cases about what is signed, how the message is written down, and when; the signer is pinned. */
export function contentCases(writer: SignatureWriter): void {
  const signer = writer.issue('contents', { key: 'rsa2048' });
  addContents(writer, signer);
  addFiles(writer, signer);
  addMoments(writer, signer);
}

function addContents(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const over = (id: string, comment: string, content: string | Uint8Array) =>
    writer.refuse(
      ['Content', 'signature-invalid'],
      id,
      `signed is ${comment}`,
      writer.sign({ signers: [signer] }, content),
      trust,
    );
  over('content-bytes', 'the root hash in 32 bytes, not its text', Buffer.from(rootHash, 'hex'));
  over('content-empty', 'nothing', '');
  over('content-carriage-return', 'the root hash, a carriage return and a newline', `${rootHash}\r\n`);
  over('content-nul', 'the root hash and a NUL', `${rootHash}\0`);
  over('content-prefix', 'the root hash with "sha256:" before it', `sha256:${rootHash}`);
  over('content-half', 'half of the root hash', rootHash.slice(0, 32));
  over('content-json', 'the root hash in a JSON text', JSON.stringify({ rootHash }));
}

function addFiles(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const cms = Buffer.from(writer.sign({ signers: [signer] }));
  const file = (id: string, comment: string, bytes: Uint8Array, code: ReasonCode = 'malformed') =>
    writer.refuse(['Encoding', code], id, comment, bytes, trust);
  file('empty', 'no bytes at all', Buffer.of());
  file('truncated', 'the last byte is missing', cms.subarray(0, -1));
  file('leading-byte', 'a byte before the message', Buffer.concat([Buffer.of(0), cms]));
  file('twice', 'the message twice', Buffer.concat([cms, cms]));
  const base64 = cms.toString('base64');
  file('base64', 'base64, as in the signature partition', Buffer.from(base64));
  const lines = (base64.match(/.{1,64}/g) ?? []).join('\n');
  file('pem', 'PEM', Buffer.from(`-----BEGIN PKCS7-----\n${lines}\n-----END PKCS7-----\n`));
  const length = Buffer.concat([Buffer.of(0x30, 0x83, 0), cms.subarray(2)]);
  file('long-length', 'a length with a leading zero', length);
  const endless = Buffer.concat([Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), cms.subarray(4)]);
  file('length-beyond', 'a length of 4 GiB', endless);
  const nested = Buffer.alloc(4 * 10_000, Buffer.of(0x30, 0x82, 0xff, 0xff));
  file('nested', 'SEQUENCEs in SEQUENCEs, 10,000 deep', nested);
  const certificateOnly = writer.pki.run(
    'crl2pkcs7',
    '-nocrl',
    '-certfile',
    signer.certificate,
    '-outform',
    'DER',
  );
  file(
    'certificates-only',
    'certificates and no signature, as PKCS#7 carries them elsewhere',
    certificateOnly,
  );
}

function addMoments(writer: SignatureWriter, signer: Issued): void {
  const trust = writer.anchors('pinned', [signer]);
  const cms = writer.accept(
    ...(['Validity', 'pinned-first', 'the first second of its validity'] as const),
    writer.sign({ signers: [signer] }),
    trust,
    { now: '2026-01-01T00:00:00Z' },
  );
  const last = { now: '2036-01-01T00:00:00Z' };
  writer.accept('Validity', 'pinned-last', 'the last second of its validity', cms, trust, last);
  const other = writer
    .anchors('pinned', [writer.issue('somebody else')])
    .map((set) => ({ ...set, name: 'other' }));
  writer.accept('Trust', 'second-set', 'a second set of anchors vouches', cms, [...other, ...trust]);
  writer.refuse(['Trust', 'signer-untrusted'], 'other-set', 'another signer is pinned', cms, other);
  const usage = writer.anchors('pinned', [signer], ['1.3.6.1.5.5.7.3.3']);
  const unfit = ['Constraints', 'certificate-unfit'] as const;
  writer.refuse(unfit, 'pinned-usage', 'pinned, and not for code signing as is asked', cms, usage);
}
