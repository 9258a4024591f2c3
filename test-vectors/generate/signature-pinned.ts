import type { Issued } from './openssl-pki.ts';
import { otherHash, rootHash, type SignatureWriter } from './signature-writer.ts';

/** Cases whose signer is trusted by its own certificate, if at all. */
export function pinnedCases(writer: SignatureWriter): void {
  const extensions = ['subjectKeyIdentifier=hash'];
  const rsa = writer.issue('rsa', { key: 'rsa2048', extensions });
  const p256 = writer.issue('p256', { extensions });
  addForms(writer, rsa, p256);
  addContents(writer, rsa);
  addSigners(writer, rsa, p256);
  addEncodings(writer, rsa);
  addWeaknesses(writer, rsa);
  addCandidates(writer, rsa, p256);
}

function addForms(writer: SignatureWriter, rsa: Issued, p256: Issued): void {
  const [byRsa, byP256] = [writer.anchors('pinned', [rsa]), writer.anchors('pinned', [p256])];
  const form = (id: string, what: string, cms: Uint8Array, trust = byP256) =>
    writer.accept('Form', id, what, cms, trust);
  form('p256', 'P-256, no certificate embedded', writer.sign({ signers: [p256], embed: 'none' }));
  form(
    'key-identifier',
    'signer named by key',
    writer.sign({ signers: [p256], tool: 'cms', options: ['-keyid'] }),
  );
  const pss = ['-keyopt', 'rsa_padding_mode:pss'];
  form('rsa-pss', 'RSA-PSS', writer.sign({ signers: [rsa], tool: 'cms', options: pss }), byRsa);
  const p384 = writer.issue('p384', { key: 'p384' });
  const attributes = writer.sign({ signers: [p384], attributes: true, options: ['-md', 'sha384'] });
  form('p384-attributes', 'P-384 and SHA-384 with attributes', attributes, writer.anchors('pinned', [p384]));
  const long = 'c3'.repeat(64);
  const sha512 = writer.sign({ signers: [p256] }, long);
  writer.accept('Form', 'long-root-hash', 'a root hash of 64 bytes', sha512, byP256, { rootHash: long });
}

function addContents(writer: SignatureWriter, rsa: Issued): void {
  const trust = writer.anchors('pinned', [rsa]);
  const content = ['Content', 'signature-invalid'] as const;
  const cms = writer.accept(
    'Form',
    'rsa',
    'RSA, as systemd-repart signs',
    writer.sign({ signers: [rsa] }),
    trust,
  );
  writer.refuse(content, 'other-root-hash', 'another root hash', cms, trust, { rootHash: otherHash });
  const newline = writer.sign({ signers: [rsa] }, `${rootHash}\n`);
  writer.refuse(content, 'newline', 'signed is the root hash and a newline', newline, trust);
  const capitals = writer.sign({ signers: [rsa] }, rootHash.toUpperCase());
  writer.refuse(content, 'capitals', 'signed is the root hash in capitals', capitals, trust);
  const attached = writer.sign({ signers: [rsa], options: ['-nodetach'] });
  writer.refuse(['Attached', 'malformed'], 'attached', 'the root hash is inside', attached, trust);
  const expired = ['Validity', 'certificate-expired'] as const;
  writer.refuse(expired, 'pinned-late', 'a second after', cms, trust, { now: '2036-01-01T00:00:01Z' });
  writer.refuse(expired, 'pinned-early', 'a second before', cms, trust, { now: '2025-12-31T23:59:59Z' });
  writer.refuse(['Trust', 'signer-untrusted'], 'no-anchors', 'nobody is trusted', cms, []);
}

function addSigners(writer: SignatureWriter, rsa: Issued, p256: Issued): void {
  const both = writer.sign({ signers: [rsa, p256] });
  const cms = writer.accept(
    'Signers',
    'two-signers',
    'two signers',
    both,
    writer.anchors('pinned', [rsa, p256]),
  );
  const untrusted = ['Signers', 'signer-untrusted'] as const;
  writer.refuse(untrusted, 'one-trusted', 'two signers, one trusted', cms, writer.anchors('pinned', [rsa]));
}

function addEncodings(writer: SignatureWriter, rsa: Issued): void {
  const trust = writer.anchors('pinned', [rsa]);
  const cms = Buffer.from(writer.sign({ signers: [rsa] }));
  const malformed = ['Encoding', 'malformed'] as const;
  writer.refuse(
    malformed,
    'trailing-byte',
    'a byte after the message',
    Buffer.concat([cms, Buffer.of(0)]),
    trust,
  );
  const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), cms.subarray(4), Buffer.of(0, 0)]);
  writer.refuse(malformed, 'indefinite-length', 'BER, but not DER', indefinite, trust);
  const flipped = Buffer.from(cms);
  flipped[cms.length - 1] = (cms.at(-1) ?? 0) ^ 1;
  writer.refuse(['Value', 'signature-invalid'], 'flipped-bit', 'the last bit flipped', flipped, trust);
}

function addWeaknesses(writer: SignatureWriter, rsa: Issued): void {
  const weak = ['Weak', 'signature-weak'] as const;
  const sha1 = writer.sign({ signers: [rsa], options: ['-md', 'sha1'] });
  writer.refuse(weak, 'sha1', 'SHA-1', sha1, writer.anchors('pinned', [rsa]));
  const short = writer.issue('rsa1024', { key: 'rsa1024' });
  const cms = writer.sign({ signers: [short] });
  writer.refuse(weak, 'rsa1024', 'RSA of 1024 bits', cms, writer.anchors('pinned', [short]));
}

function addCandidates(writer: SignatureWriter, rsa: Issued, p256: Issued): void {
  const untrusted = ['Candidates', 'signer-untrusted'] as const;
  const trust = writer.anchors('pinned', [p256]);
  const extra = writer.sign({ signers: [p256], embed: [rsa] });
  const cms = writer.accept('Candidates', 'extra-certificate', 'another certificate embedded', extra, trust);
  writer.refuse(untrusted, 'embedded-trusted', 'embedded is trusted', cms, writer.anchors('pinned', [rsa]));
  const same = { subject: '/CN=same', serial: '5a5a' };
  const [genuine, forged] = [writer.issue('genuine', same), writer.issue('forged', same)];
  const forgery = writer.sign({ signers: [forged] });
  writer.refuse(
    untrusted,
    'same-name',
    'the name of an anchor',
    forgery,
    writer.anchors('pinned', [genuine]),
  );
}
