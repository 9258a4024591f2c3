import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import { type Certificate, parseCertificates } from '../trust/certificate.ts';
import type { PolicyDocument, PolicyProblem } from './document.ts';
import { type ExtensionPolicyDocument, extendedKeyUsages } from './schema.ts';

/** Reads a certificate file that a policy names. Whatever it throws means that there is no such file to use. */
export type ReadCertificate = (path: string) => Promise<Uint8Array>;

export interface LoadedTrustSet {
  readonly anchors: TrustAnchors;
  readonly problems: readonly PolicyProblem[];
}

/** Reads the certificates of every trust set of a policy; a problem for each file that gives none. */
export async function loadTrustSets(
  { trust }: ExtensionPolicyDocument,
  document: PolicyDocument,
  read: ReadCertificate,
): Promise<readonly LoadedTrustSet[]> {
  const sets: LoadedTrustSet[] = [];
  // One after another: as many files as a policy may name are more than a process may have open.
  for (const [name, set] of Object.entries(trust)) sets.push(await loadTrustSet(name, set, document, read));
  return sets;
}

async function loadTrustSet(
  name: string,
  { certificates, pinned, extendedKeyUsage }: ExtensionPolicyDocument['trust'][string],
  document: PolicyDocument,
  read: ReadCertificate,
): Promise<LoadedTrustSet> {
  const loaded = await Promise.all(
    certificates.map((file, index) =>
      loadCertificates(file, document.at(['trust', name, 'certificates', index]), read),
    ),
  );
  return {
    anchors: {
      name,
      mode: pinned ? 'pinned' : 'issued',
      certificates: loaded.flatMap((one) => ('message' in one ? [] : one)),
      extendedKeyUsage: extendedKeyUsage.map((usage) => extendedKeyUsages[usage]),
    },
    problems: loaded.flatMap((one) => ('message' in one ? [one] : [])),
  };
}

async function loadCertificates(
  file: string,
  at: string,
  read: ReadCertificate,
): Promise<readonly Certificate[] | PolicyProblem> {
  let bytes: Uint8Array;
  try {
    bytes = await read(file);
  } catch (error) {
    return { message: error instanceof Error ? error.message : `${file} cannot be read`, at };
  }
  try {
    return parseCertificates(bytes, file);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return { message: error.message, at };
    throw error;
  }
}
