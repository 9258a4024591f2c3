import { Unsupported } from '../bytes/failures.ts';
import { type DocumentComment, writeDocument } from '../policy/write-document.ts';
import type { Admissible } from './init-admissible.ts';
import { nameRules, tightestRule } from './init-rule.ts';
import { nameCertificates, type PinnedCertificate } from './init-trust.ts';

/** An image that a policy is to admit, and where it was found, for people. */
export interface FoundImage extends Admissible {
  readonly path: string;
}

export interface InitialPolicy {
  /** Of the policy file. */
  readonly text: string;
  /** The files that it names. */
  readonly certificates: readonly PinnedCertificate[];
  /** The rule for each image, in the order of the images. */
  readonly rules: readonly string[];
}

const maximumRules = 1000;
const maximumSets = 100;

/**
 * The tightest policy that accepts images: their names and contents, signed as they are, and nothing else. With comments that
 * say what each part is, and how to loosen it.
 *
 * @param images no two of one class and name.
 * @param options.source where they were found, for people.
 * @throws Unsupported if they are more than fit into one policy.
 */
export function composePolicy(
  images: readonly FoundImage[],
  { name, source }: { readonly name: string; readonly source: string },
): InitialPolicy {
  const signers = new Map(images.flatMap((image) => image.signers).map((one) => [one.sha256, one]));
  if (images.length > maximumRules) throw new Unsupported(source, `has more than ${maximumRules} images`);
  if (signers.size > maximumSets)
    throw new Unsupported(source, `has images of more than ${maximumSets} signers`);
  const certificates = nameCertificates([...signers.values()]);
  const rules = nameRules(images);
  const setOf = new Map(certificates.map(({ set, certificate }) => [certificate.sha256, set]));
  const value = {
    ...{ apiVersion: 'touchstone/v1', kind: 'ExtensionPolicy', metadata: { name, version: 1 } },
    trust: Object.fromEntries(
      certificates.map(({ set, file }) => [set, { certificates: [file], pinned: true }]),
    ),
    rules: images.map((image, index) => {
      const sets = image.signers.flatMap(({ sha256 }) => setOf.get(sha256) ?? []);
      return tightestRule(image, rules[index] ?? '', sets);
    }),
    mode: 'enforce',
  };
  return { text: writeDocument(value, explain(images, certificates, source)), certificates, rules };
}

function explain(
  images: readonly FoundImage[],
  certificates: readonly PinnedCertificate[],
  source: string,
): readonly DocumentComment[] {
  const count = images.length === 1 ? 'the one image' : `the ${images.length} images`;
  const isSigned = certificates.length > 0;
  return [
    { path: [], text: head(count, source) },
    { path: ['metadata', 'version'], text: 'Count up with every change.' },
    ...(isSigned ? [{ path: ['trust'], text: aboutTrust }] : []),
    ...certificates.map(({ set, certificate: { subject, notAfter, sha256 } }) => ({
      path: ['trust', set],
      text: `${subject}, until ${notAfter.toISOString().slice(0, 10)}\nSHA-256 ${sha256}`,
    })),
    { path: ['rules'], text: isSigned ? `${aboutRules}\n${aboutSigned}` : aboutRules },
    ...images.map((image, index) => ({ path: ['rules', index], text: aboutImage(image) })),
    { path: ['mode'], text: aboutMode },
  ];
}

const head = (count: string, source: string): string =>
  `The tightest policy that accepts ${count} found in ${source}, and no other.

It was written from what was there. That somebody signed an image, or put it there, is no reason to trust it: before
this policy is used, see whose each certificate is and where each digest comes from. Then loosen what is too tight.`;

const aboutTrust = `Each set pins one certificate: its owner must have signed. To accept whoever an authority gives a certificate, put the
authority's here instead, and take \`pinned\` out.`;

const aboutRules = `The first rule whose match fits decides; none fits: refused. Each of these accepts one content under one name.
An image that nobody can sign is accepted by its digest (\`fileDigest\`, \`treeDigest\`); list the next one beside it.`;

const aboutSigned = `To loosen a rule about signed images, step by step:
  take \`rootHash\` out     whatever the same signer signs, in the same version
  version: ">= 2.1"       newer versions too; add \`noDowngrade: true\` so that hosts never go back
  name: "vendor-*"        more names`;

const aboutMode = `To try it first: \`audit\` reports what would be refused, and lets it be merged.`;

function aboutImage({ path, hashType, version }: FoundImage): string {
  const remarks = [
    ...(version === '' ? [] : [`version ${version}`]),
    ...(hashType === 0 ? ['with a hash tree of the older type 0'] : []),
  ];
  return [path, ...remarks].join(', ');
}
