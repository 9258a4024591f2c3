import type { CertificateRequest, Issued } from './openssl-pki.ts';
import type { SignatureWriter } from './signature-writer.ts';

const codeSigning = '1.3.6.1.5.5.7.3.3';
const past = '20260601000000Z';
const keyUsage = 'keyUsage=critical,keyCertSign';
const authority = ['basicConstraints=critical,CA:TRUE', keyUsage, 'subjectKeyIdentifier=hash'];
const end = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning'];

/** Cases whose signer is trusted through a certificate authority, if at all. */
export function chainCases(writer: SignatureWriter): void {
  const root = writer.issue('root', { extensions: authority });
  const intermediate = (edit: Partial<CertificateRequest> = {}) =>
    writer.issue('intermediate', { issuer: root, extensions: authority, ...edit });
  const leaf = (issuer: Issued, edit: Partial<CertificateRequest> = {}) =>
    writer.issue('leaf', { issuer, extensions: end, ...edit });
  const signed = (above: Partial<CertificateRequest>, edit: Partial<CertificateRequest> = {}) => {
    const issuer = intermediate(above);
    return writer.sign({ signers: [leaf(issuer, edit)], embed: [issuer] });
  };
  addPaths(writer, root, signed);
  addIntermediates(writer, root, signed);
  addLeaves(writer, root, signed);
}

type Signed = (above: Partial<CertificateRequest>, leaf?: Partial<CertificateRequest>) => Uint8Array;

function addPaths(writer: SignatureWriter, root: Issued, signed: Signed): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const untrusted = ['Trust', 'signer-untrusted'] as const;
  const cms = writer.accept('Chain', 'chain', 'leaf and intermediate embedded', signed({}), trust);
  const pinned = writer.anchors('pinned', [root]);
  writer.refuse(untrusted, 'root-pinned', 'the root is pinned, the signer issued', cms, pinned);
  const direct = writer.issue('direct', { issuer: root, extensions: end });
  writer.accept('Chain', 'direct', 'issued by the anchor', writer.sign({ signers: [direct] }), trust);
  const inter = writer.issue('missing', { issuer: root, extensions: authority });
  const orphan = writer.sign({ signers: [writer.issue('orphan', { issuer: inter, extensions: end })] });
  writer.refuse(['Chain', 'signer-untrusted'], 'chain-gap', 'the intermediate is missing', orphan, trust);
  const itself = writer.sign({ signers: [root] });
  const either = writer.accept(
    'Trust',
    'anchor-signs',
    'an anchor signs',
    itself,
    writer.anchors('either', [root]),
  );
  writer.refuse(
    untrusted,
    'anchor-signs-itself',
    'an anchor signs',
    either,
    writer.anchors('issued', [root]),
  );
  const impostor = writer.issue('root', { extensions: authority });
  const extensions = [...end, 'authorityKeyIdentifier=none'];
  const other = writer.issue('leaf', { issuer: impostor, extensions });
  const forged = writer.sign({ signers: [other], embed: [impostor] });
  writer.refuse(
    ['Candidates', 'signer-untrusted'],
    'impostor-root',
    'a root of the same name',
    forged,
    trust,
  );
}

function addIntermediates(writer: SignatureWriter, root: Issued, signed: Signed): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const unfit = (id: string, comment: string, ...extensions: readonly string[]) =>
    writer.refuse(['Constraints', 'certificate-unfit'], id, comment, signed({ extensions }), trust);
  unfit('not-an-authority', 'CA:FALSE', 'basicConstraints=CA:FALSE', ...authority.slice(1));
  unfit('no-basic-constraints', 'no basic constraints', ...authority.slice(1));
  unfit('no-cert-sign', 'no keyCertSign', 'basicConstraints=CA:TRUE', 'keyUsage=cRLSign');
  const constrained = signed({ extensions: [...authority, 'nameConstraints=permitted;DNS:example.org'] });
  writer.accept('Constraints', 'name-constraints', 'name constraints that are kept', constrained, trust);
  unfit('usage-above', 'an authority for mail', ...authority, 'extendedKeyUsage=emailProtection');
  const expired = signed({ notAfter: past });
  writer.refuse(['Validity', 'certificate-expired'], 'intermediate-expired', 'expired above', expired, trust);
  const sha1 = signed({ digest: 'sha1' });
  writer.refuse(['Weak', 'signature-weak'], 'intermediate-sha1', 'SHA-1 above', sha1, trust);
  const extensions = ['basicConstraints=critical,CA:TRUE,pathlen:0', ...authority.slice(1)];
  const short = writer.issue('short root', { extensions });
  const below = writer.issue('below', { issuer: short, extensions: authority });
  const cms = writer.sign({
    signers: [writer.issue('leaf', { issuer: below, extensions: end })],
    embed: [below],
  });
  const shortTrust = writer.anchors('issued', [short]);
  writer.refuse(
    ['Constraints', 'certificate-unfit'],
    'path-length',
    'one authority too many',
    cms,
    shortTrust,
  );
}

function addLeaves(writer: SignatureWriter, root: Issued, signed: Signed): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const unfit = (id: string, comment: string, ...extensions: readonly string[]) =>
    writer.refuse(['Constraints', 'certificate-unfit'], id, comment, signed({}, { extensions }), trust);
  unfit('key-usage', 'may not sign data', 'keyUsage=critical,keyEncipherment', ...end.slice(1));
  unfit('extended-key-usage', 'for mail', ...end.slice(0, 1), 'extendedKeyUsage=emailProtection');
  unfit('no-extended-key-usage', 'for nothing in particular', ...end.slice(0, 1));
  unfit('critical-extension', 'an unknown critical extension', ...end, '1.2.3.4=critical,DER:0500');
  const expired = signed({}, { notAfter: past });
  writer.refuse(
    ['Validity', 'certificate-expired'],
    'leaf-expired',
    'the signer has expired',
    expired,
    trust,
  );
}
