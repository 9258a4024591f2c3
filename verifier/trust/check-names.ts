import { type Reason, reason } from '../reasons.ts';
import type { Certificate } from './certificate.ts';
import type { CertificationPath } from './certification-path.ts';
import type { GeneralName } from './general-name.ts';
import type { NameConstraints } from './name-constraints.ts';
import { nameWithin } from './name-within.ts';
import { oncePerPair } from './once-per-pair.ts';

/** A certificate that constrains the names below it, and what breaks the constraint. */
export interface NameViolation {
  readonly constraining: Certificate;
  readonly constrained: Certificate;
  readonly why: string;
}

const emailAddress = '1.2.840.113549.1.9.1';
const commonName = '2.5.4.3';
// Each name is compared with each subtree, and an authority may write thousands of both; an honest one, some hundred.
const maximumComparisons = 2 ** 14;

/**
 * Whether every certificate of a path bears only names that those above it may certify (RFC 5280 sections 6.1.3 (b), (c) and
 * 6.1.4 (g)), the anchor's constraints like everybody's. A self-issued certificate is exempt unless it is the signer's.
 */
export function findNameViolations(path: CertificationPath): readonly NameViolation[] {
  return path.flatMap((constrained, at) => {
    if (at > 0 && constrained.selfIssued) return [];
    const violationUnder = at === 0 ? signerViolation : authorityViolation;
    return path.slice(at + 1).flatMap((constraining) => {
      const why = violationUnder(constrained, constraining);
      return why === null ? [] : [{ constraining, constrained, why }];
    });
  });
}

const signerViolation = oncePerPair(
  (constrained: Certificate, { nameConstraints }: Certificate) =>
    nameConstraints && violation(namesOf(constrained, true), nameConstraints),
);

const authorityViolation = oncePerPair(
  (constrained: Certificate, { nameConstraints }: Certificate) =>
    nameConstraints && violation(namesOf(constrained, false), nameConstraints),
);

// The subject is a name like those beside it; mailboxes in it count as such. So does, for OpenSSL, a common name of the signer
// that looks like a host, where no host is named properly.
function namesOf({ subjectName, alternativeNames }: Certificate, isSigner: boolean): readonly GeneralName[] {
  const attributes = subjectName.flat();
  const texts = (wanted: string): readonly string[] =>
    attributes.flatMap(({ type, text }) => (type === wanted ? [text ?? ''] : []));
  const hosts =
    isSigner && alternativeNames.every(({ form }) => form !== 'dns')
      ? texts(commonName).filter((text) => /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/.test(text))
      : [];
  return [
    ...(subjectName.length > 0 ? [{ form: 'directory', name: subjectName } as const] : []),
    ...alternativeNames,
    ...texts(emailAddress).map((text) => ({ form: 'email', text }) as const),
    ...hosts.map((text) => ({ form: 'dns', text }) as const),
  ];
}

function violation(names: readonly GeneralName[], { permitted, excluded }: NameConstraints): string | null {
  if (names.length * (permitted.length + excluded.length) > maximumComparisons)
    return 'more names than can be compared';
  for (const name of names) {
    const answers = permitted.filter(({ form }) => form === name.form).map((base) => nameWithin(name, base));
    const denied = excluded.map((base) => nameWithin(name, base));
    if ([...answers, ...denied].includes('unclear')) return `${nameText(name)}, which cannot be compared`;
    if (answers.length > 0 && !answers.includes('yes')) return `${nameText(name)}, which is not permitted`;
    if (denied.includes('yes')) return `${nameText(name)}, which is excluded`;
  }
  return null;
}

function nameText(name: GeneralName): string {
  switch (name.form) {
    case 'directory':
      return 'its subject or another name of a directory';
    case 'ip':
      return `the address ${Buffer.from(name.octets).toString('hex')}`;
    case 'email':
    case 'dns':
    case 'uri':
      return `"${printable(name.text)}"`;
    default:
      return `a name of form ${name.form}`;
  }
}

// It goes to terminals and logs.
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, 120);
}

/** What breaks the constraint as a reason. */
export function nameReason(
  { constraining, constrained, why }: NameViolation,
  named: (one: Certificate) => string,
): Reason {
  const message = `The certificate ${named(constrained)} has ${why} by ${named(constraining)}.`;
  return reason('certificate-unfit', message);
}
