import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { ImageName, ImageVerdict, VerifyImageOptions } from '../image-verdict.ts';
import type { Admission, Policy } from '../policy/policy.ts';
import { trustOnlyPolicy } from '../policy/trust-only-policy.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Certificate, parseCertificate } from '../trust/certificate.ts';
import { parseSignedData } from '../trust/cms.ts';
import type { Admissible } from './init-admissible.ts';
import { exactGlob } from './init-rule.ts';

/** An image that was read, before any policy is asked. */
export interface ReadImage {
  /** The PKCS#7 message that came with it. */
  readonly cms: Uint8Array | null;
  readonly judge: (options: VerifyImageOptions) => Promise<ImageVerdict>;
}

export interface AdmissionCircumstances {
  readonly now: Date;
  /** Certificates that signers may have besides those in their messages. */
  readonly certificates: readonly Certificate[];
}

/**
 * What a policy would have to say to admit an image: that its signers are just those who signed it, or that its content is
 * just this. Found by asking such a policy, so that what is found is what `verify` accepts. That somebody signed an image
 * does not mean that he is to be trusted: who gets the policy to read must decide that.
 *
 * @returns the reasons if no policy can admit it.
 * @throws CouldNotDecide if it cannot be read.
 */
export async function findAdmission(
  { cms, judge }: ReadImage,
  { now, certificates }: AdmissionCircumstances,
): Promise<Admissible | readonly Reason[]> {
  const known = distinct([...certificates, ...(cms === null ? [] : embeddedCertificates(cms))]);
  const ask = (policy: Policy): Promise<ImageVerdict> =>
    judge({ policy, now, full: true, host: null, labels: new Map(), acceptedVersion: () => null });
  const { content } = await ask(policyOf({ kind: 'signed-by', sets: [] }, []));
  return toAdmissible(await ask(policyOf(admissionOf(content), known)), known);
}

function admissionOf(content: ImageVerdict['content']): Admission {
  const { form, rootHash } = content ?? { form: null, rootHash: null };
  if ((form !== 'bare' && form !== 'directory') || rootHash === null)
    return { kind: 'signed-by', sets: [signersName] };
  return { kind: 'digest', form, values: new Set([rootHash]) };
}

const signersName = 'signers';

/** All signers must be among the certificates themselves: one issued under another one is another signer. */
function policyOf(admits: Admission, certificates: readonly Certificate[]): Policy {
  const trusting = trustOnlyPolicy(certificates);
  return {
    ...trusting,
    anchors: trusting.anchors.map((set) => ({ ...set, name: signersName, mode: 'pinned' })),
    rules: trusting.rules.map((rule) => ({ ...rule, admits, hashTypes: [0, 1] })),
  };
}

function toAdmissible(
  { class: extensionClass, name, verdict, content, release, facts, reasons }: ImageVerdict,
  known: readonly Certificate[],
): Admissible | readonly Reason[] {
  if (verdict === 'refused' || content === null || facts === null || release === null) return reasons;
  const { form, architecture, rootHash, hashType } = content;
  if (rootHash === null) return reasons;
  if (exactGlob(name).length > maximumGlob) return [tooLong];
  const fingerprints = new Set(facts.signature.signers.map(({ sha256 }) => sha256));
  const signers = [...fingerprints].flatMap((sha256) => known.find((one) => one.sha256 === sha256) ?? []);
  const { version } = release;
  return {
    ...{ class: extensionClass, name, form, architecture, rootHash, hashType, version, signers },
  };
}

const maximumGlob = 255;
const tooLong = reason(
  'unsupported',
  `Its name is longer than a rule can have it: ${maximumGlob} characters, with a \\ before each special one.`,
);

// What is wrong with a message is found when it is verified.
function embeddedCertificates(cms: Uint8Array): readonly Certificate[] {
  try {
    return parseSignedData(cms).certificates.map((der) => parseCertificate(der, 'embedded certificate'));
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return [];
    throw error;
  }
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((one) => [one.sha256, one])).values()];
}

/** Images of which systemd merges only one, whatever else there is: none of them can be what is meant. */
export function namesakeReason(
  { class: extensionClass, name }: ImageName,
  others: readonly string[],
): Reason {
  const message = `It is named ${extensionClass} "${name}" as is ${others.join(' and ')}, and only one of them can be merged; keep one.`;
  return reason('name-mismatch', message);
}
