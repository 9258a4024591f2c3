import { accepts, type Path, refuses, threeOf } from './chain-case.ts';
import type { CertificateEdit } from './chain-certificate.ts';
import { authority, endEntity, nameConstraints, subjectAltName } from './chain-extension.ts';

const unfit = 'certificate-unfit' as const;

/** The flag and the names of a case. */
export const constrainedHead = (id: string, comment: string) => ['NameConstraints', id, comment] as const;

/** Subtrees of general names. */
export interface Constrained {
  readonly permitted?: readonly Uint8Array[];
  readonly excluded?: readonly Uint8Array[];
}

/** The intermediate has constraints; the signer has a name, and others besides. */
export function under(
  { permitted, excluded }: Constrained,
  signer: CertificateEdit = {},
  ...names: readonly Uint8Array[]
): Path {
  const constraint = nameConstraints(permitted, excluded);
  const more = names.length > 0 ? [subjectAltName(...names)] : [];
  return threeOf({
    intermediate: { extensions: [...authority, constraint] },
    signer: { extensions: [...endEntity, ...more], ...signer },
  });
}

/** A path of three that is accepted. */
export const good = (id: string, comment: string, path: Path) =>
  accepts(constrainedHead(id, comment), path, 3);
/** A path that is refused for the certificate `at`. */
export const bad = (id: string, comment: string, path: Path, at = 'signer') =>
  refuses(constrainedHead(id, comment), path, [unfit, at]);
