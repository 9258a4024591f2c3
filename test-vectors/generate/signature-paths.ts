import type { CertificateRequest, Issued } from './openssl-pki.ts';
import type { SignatureWriter } from './signature-writer.ts';

const codeSigning = '1.3.6.1.5.5.7.3.3';
const authority = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign',
  'subjectKeyIdentifier=hash',
];
const end = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning'];

/** Cases about longer ways to an anchor, and about what certificates on them say of each other. */
export function pathCases(writer: SignatureWriter): void {
  const root = writer.issue('path root', { extensions: authority });
  const issue = (name: string, issuer: Issued, edit: Partial<CertificateRequest> = {}) =>
    writer.issue(name, { issuer, extensions: authority, ...edit });
  const upper = issue('upper', root);
  const lower = issue('lower', upper);
  const leaf = (issuer: Issued, edit: Partial<CertificateRequest> = {}) =>
    issue('path leaf', issuer, { extensions: end, ...edit });
  addLong(writer, { root, upper, lower, leaf });
  addIdentities(writer, { root, upper, lower, leaf });
  addUsages(writer, { root, upper, lower, leaf });
  addAges(writer, { root, upper, lower, leaf });
}

interface Path {
  readonly root: Issued;
  readonly upper: Issued;
  readonly lower: Issued;
  readonly leaf: (issuer: Issued, edit?: Partial<CertificateRequest>) => Issued;
}

function addLong(writer: SignatureWriter, { root, upper, lower, leaf }: Path): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const signed = (...embed: readonly Issued[]) => writer.sign({ signers: [leaf(lower)], embed });
  const fine = (flag: string, id: string, what: string, cms: Uint8Array, anchors = trust) =>
    writer.accept(flag, id, what, cms, anchors);
  const untrusted = ['Chain', 'signer-untrusted'] as const;
  fine('Chain', 'two-authorities', 'two authorities below the anchor', signed(lower, upper));
  fine('Chain', 'authorities-out-of-order', 'the upper authority first', signed(upper, lower));
  fine('Chain', 'root-embedded', 'the anchor is embedded as well', signed(lower, upper, root));
  const byUpper = writer.anchors('issued', [upper]);
  const gap = fine('Chain', 'authority-trusted', 'the upper authority is the anchor', signed(lower), byUpper);
  writer.refuse(untrusted, 'upper-missing', 'the upper authority is missing', gap, trust);
  const pinned = leaf(lower);
  const alone = writer.sign({ signers: [pinned] });
  const byItself = writer.anchors('pinned', [pinned]);
  fine('Trust', 'issued-and-pinned', 'the signer itself is pinned, whoever issued it', alone, byItself);
  const either = writer.anchors('either', [root]);
  const chained = signed(lower, upper);
  fine('Trust', 'either-issued', 'issued under an anchor that might also sign', chained, either);
  let last = root;
  const many = Array.from(
    { length: 7 },
    (_, at) => (last = writer.issue(`level ${at}`, { issuer: last, extensions: authority })),
  );
  const deep = writer.sign({ signers: [leaf(last)], embed: many });
  writer.refuse(untrusted, 'nine-certificates', 'a path of nine certificates', deep, trust);
}

const signedBy =
  (writer: SignatureWriter) =>
  (signer: Issued, ...embed: readonly Issued[]): Uint8Array =>
    writer.sign({ signers: [signer], embed });

function addIdentities(writer: SignatureWriter, { root, upper, lower, leaf }: Path): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const sign = signedBy(writer);
  const untrusted = (id: string, what: string, cms: Uint8Array) =>
    writer.refuse(['Chain', 'signer-untrusted'], id, what, cms, trust);
  const stranger = writer.issue('stranger', { extensions: authority });
  const twin = writer.issue('upper', { issuer: stranger, extensions: authority });
  const forged = leaf(twin, { extensions: [...end, 'authorityKeyIdentifier=none'] });
  untrusted('issuer-of-same-name', 'the embedded issuer has the name and not the key', sign(forged, upper));
  const self = writer.issue('self', { extensions: end });
  untrusted('self-signed', 'a signer that issued itself', sign(self, lower, upper));
}

function addUsages(writer: SignatureWriter, { root, upper, leaf }: Path): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const sign = signedBy(writer);
  const unfit = (id: string, what: string, cms: Uint8Array) =>
    writer.refuse(['Constraints', 'certificate-unfit'], id, what, cms, trust);
  const fit = (id: string, what: string, cms: Uint8Array) =>
    writer.accept('Constraints', id, what, cms, trust);
  const between = leaf(upper);
  const below = sign(leaf(between), between, upper);
  unfit('issued-by-a-leaf', 'issued by a certificate that is no authority', below);
  const used = (usages: string) =>
    leaf(upper, { extensions: [...end.slice(0, 1), `extendedKeyUsage=${usages}`] });
  const any = sign(used('anyExtendedKeyUsage'), upper);
  unfit('any-usage', 'for any purpose, where code signing is asked', any);
  const several = sign(used('codeSigning,emailProtection'), upper);
  fit('several-usages', 'code signing among other purposes', several);
  const under = (name: string, ...extensions: readonly string[]) => {
    const issuer = writer.issue(name, { issuer: root, extensions });
    return sign(leaf(issuer), issuer);
  };
  const limited = under('limited', ...authority, 'extendedKeyUsage=codeSigning');
  fit('usage-allowed-above', 'an authority for code signing', limited);
  const last = under('zero', 'basicConstraints=critical,CA:TRUE,pathlen:0', ...authority.slice(1));
  fit('path-length-kept', 'no authority below one that allows none', last);
}

function addAges(writer: SignatureWriter, { root, upper, leaf }: Path): void {
  const trust = writer.anchors('issued', [root], [codeSigning]);
  const sign = signedBy(writer);
  const expired = ['Validity', 'certificate-expired'] as const;
  const weak = ['Weak', 'signature-weak'] as const;
  const early = sign(leaf(upper, { notBefore: '20270601000000Z' }), upper);
  writer.refuse(expired, 'leaf-early', 'the signer is not valid yet', early, trust);
  const sha224 = sign(leaf(upper, { digest: 'sha224' }), upper);
  writer.refuse(weak, 'leaf-sha224', 'the signer is certified with SHA-224', sha224, trust);
  const anchor = (name: string, request: Partial<CertificateRequest>) => {
    const issued = writer.issue(name, { extensions: authority, ...request });
    return [sign(leaf(issued)), writer.anchors('issued', [issued])] as const;
  };
  const old = anchor('expired root', { notAfter: '20260601000000Z' });
  writer.refuse(expired, 'anchor-expired', 'the anchor has expired', ...old);
  const short = anchor('weak root', { key: 'rsa1024' });
  writer.refuse(weak, 'anchor-rsa1024', 'the anchor has an RSA key of 1024 bits', ...short);
}
