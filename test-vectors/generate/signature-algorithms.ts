import { digest } from '../../verifier/bytes/digest.ts';
import { algorithm, message, type MessageParts, oids } from './cms-writer.ts';
import { der, integer, null_ } from './der-writer.ts';
import { type HandSigned, handSigned } from './hand-signed.ts';
import type { Issued } from './openssl-pki.ts';
import { rootHash, type SignatureWriter } from './signature-writer.ts';

/** Cases about keys, digests and how signatures name them; the signer is pinned. */
export function algorithmCases(writer: SignatureWriter): void {
  const rsa = writer.issue('rsa algorithms', { key: 'rsa2048' });
  const p256 = writer.issue('p256 algorithms');
  addRsa(writer, rsa);
  addKeys(writer);
  addContradictions(writer, rsa, p256);
  addValues(writer, rsa, p256);
}

function addRsa(writer: SignatureWriter, rsa: Issued): void {
  const trust = writer.anchors('pinned', [rsa]);
  const form = (id: string, comment: string, ...options: readonly string[]) =>
    writer.accept('Form', id, comment, writer.sign({ signers: [rsa], options }), trust);
  form('rsa-sha384', 'RSA and SHA-384', '-md', 'sha384');
  form('rsa-sha512', 'RSA and SHA-512', '-md', 'sha512');
  const attributes = writer.sign({ signers: [rsa], attributes: true });
  writer.accept(
    'Attributes',
    'usual-attributes',
    'signing time and capabilities, as openssl adds them',
    attributes,
    trust,
  );
  const pss = (...options: readonly string[]) =>
    writer.sign({ signers: [rsa], tool: 'cms', options: ['-keyopt', 'rsa_padding_mode:pss', ...options] });
  writer.accept('Form', 'rsa-pss-sha512', 'RSA-PSS and SHA-512', pss('-md', 'sha512'), trust);
  writer.accept(
    'Form',
    'rsa-pss-no-salt',
    'RSA-PSS without salt',
    pss('-keyopt', 'rsa_pss_saltlen:0'),
    trust,
  );
  const otherMask = pss('-keyopt', 'rsa_mgf1_md:sha512');
  const unknown = ['Unknown', 'unsupported'] as const;
  writer.refuse(unknown, 'rsa-pss-mask', 'RSA-PSS whose mask has another digest', otherMask, trust);
  const weak = ['Weak', 'signature-weak'] as const;
  for (const md of ['md5', 'sha224']) {
    const cms = writer.sign({ signers: [rsa], options: ['-md', md] });
    writer.refuse(weak, `rsa-${md}`, `RSA and ${md}`, cms, trust);
  }
}

function addKeys(writer: SignatureWriter): void {
  const p521 = writer.issue('p521', { key: 'p521' });
  const sha512 = writer.sign({ signers: [p521], options: ['-md', 'sha512'] });
  writer.accept('Form', 'p521', 'P-521 and SHA-512', sha512, writer.anchors('pinned', [p521]));
  const k256 = writer.issue('secp256k1', { key: 'secp256k1' });
  const curve = writer.sign({ signers: [k256] });
  writer.refuse(
    ['Weak', 'signature-weak'],
    'secp256k1',
    'the curve of Bitcoin',
    curve,
    writer.anchors('pinned', [k256]),
  );
  const pssKey = writer.issue('rsa-pss key', { key: 'rsa-pss' });
  const pssTrust = writer.anchors('pinned', [pssKey]);
  const options = ['-keyopt', 'rsa_padding_mode:pss'];
  const pss = writer.sign({ signers: [pssKey], tool: 'cms', options });
  writer.accept('Form', 'rsa-pss-key', 'a key for RSA-PSS alone', pss, pssTrust);
  const unnamed = writer.sign({ signers: [pssKey], tool: 'cms' });
  const invalid = ['Value', 'signature-invalid'] as const;
  writer.refuse(invalid, 'rsa-pss-key-unnamed', 'a key for RSA-PSS alone, PKCS#1 said', unnamed, pssTrust);
  const ed448 = writer.issue('ed448', { key: 'ed448' });
  const request = {
    content: rootHash,
    signer: ed448,
    signatureOid: oids.ed448,
    hash: null,
    digestOid: oids.sha512,
  };
  const edwards = message({ signers: [handSigned(request)], digestOids: [oids.sha512] });
  writer.refuse(['Unknown', 'unsupported'], 'ed448', 'Ed448', edwards, writer.anchors('pinned', [ed448]));
}

const make = (edit: Omit<HandSigned, 'content'>, parts: Partial<MessageParts> = {}): Uint8Array =>
  message({ signers: [handSigned({ content: rootHash, ...edit })], ...parts });

function addContradictions(writer: SignatureWriter, rsa: Issued, p256: Issued): void {
  const trust = writer.anchors('pinned', [p256]);
  const invalid = ['Value', 'signature-invalid'] as const;
  const ecdsa = { signer: p256, signatureOid: oids.ecdsaSha256, hash: 'sha256' };
  const two = make({ ...ecdsa, digestOid: oids.sha512 }, { digestOids: [oids.sha512] });
  writer.refuse(
    invalid,
    'two-digest-algorithms',
    'SHA-512 said, ECDSA with SHA-256 said and done',
    two,
    trust,
  );
  const other = make(
    { ...ecdsa, signatureOid: oids.ecdsaSha512, digestOid: oids.sha512 },
    { digestOids: [oids.sha512] },
  );
  writer.refuse(invalid, 'other-digest-algorithm', 'SHA-512 said, SHA-256 done', other, trust);
  const family = make({ ...ecdsa, signatureOid: oids.sha256WithRsa });
  writer.refuse(invalid, 'other-key-type', 'RSA said, ECDSA done', family, trust);
  const unannounced = make(ecdsa, { digestOids: [oids.sha512] });
  const malformed = ['Signers', 'malformed'] as const;
  writer.refuse(
    malformed,
    'digest-not-announced',
    'the digest is not in the list of the message',
    unannounced,
    trust,
  );
  const more = make(ecdsa, { digestOids: [oids.sha256, oids.sha512] });
  writer.accept('Form', 'digest-announced-twice', 'a second digest announced that nobody uses', more, trust);
  const named = make({ signer: rsa, signatureOid: oids.sha256WithRsa, hash: 'sha256' });
  writer.accept(
    'Form',
    'rsa-digest-named',
    'RSA that names its digest',
    named,
    writer.anchors('pinned', [rsa]),
  );
  const parameters = make({
    ...ecdsa,
    parts: { signatureAlgorithm: algorithm(oids.ecdsaSha256, der(0x30, integer(1))) },
  });
  writer.refuse(
    ['Encoding', 'malformed'],
    'algorithm-parameters',
    'parameters of an algorithm that has none',
    parameters,
    trust,
  );
  const nulls = make({ ...ecdsa, parts: { signatureAlgorithm: algorithm(oids.ecdsaSha256, null_) } });
  writer.accept(
    'Form',
    'algorithm-null',
    'a NULL where ECDSA has no parameters, as some tools write',
    nulls,
    trust,
  );
}

function addValues(writer: SignatureWriter, rsa: Issued, p256: Issued): void {
  const invalid = ['Value', 'signature-invalid'] as const;
  const trust = writer.anchors('pinned', [p256]);
  const value = (id: string, comment: string, signature: Uint8Array, signer = p256) => {
    const signatureOid = signer === rsa ? oids.sha256WithRsa : oids.ecdsaSha256;
    const cms = make({ signer, signatureOid, hash: 'sha256', parts: { signature } });
    writer.refuse(invalid, id, comment, cms, signer === rsa ? writer.anchors('pinned', [rsa]) : trust);
  };
  value('value-empty', 'no signature value at all', Uint8Array.of());
  value('value-zero', 'both numbers of an ECDSA signature are zero', der(0x30, integer(0), integer(0)));
  value('value-one', 'both numbers of an ECDSA signature are one', der(0x30, integer(1), integer(1)));
  value('value-not-der', 'an ECDSA signature that is not DER', Buffer.alloc(64, 1));
  value('rsa-value-zero', 'an RSA signature of zeros', Buffer.alloc(256), rsa);
  value(
    'rsa-value-one',
    'an RSA signature that is the number one',
    Buffer.concat([Buffer.alloc(255), Buffer.of(1)]),
    rsa,
  );
  value('rsa-value-digest', 'the bare digest in place of an RSA signature', digest('sha256', rootHash), rsa);
}
