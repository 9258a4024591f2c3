import { Malformed, Unsupported } from '../bytes/failures.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import { type Certificate, parseCertificates } from '../trust/certificate.ts';
import { parseRevocationLists, type RevocationList } from '../trust/revocation-list.ts';
import type { PolicyDocument, PolicyProblem } from './document.ts';
import type { ExtensionPolicyDocument } from './schema.ts';
import { extendedKeyUsages } from './trust-schema.ts';
import { type DirectoryFile, findCertificateFiles } from './verity-directories.ts';

/** Reads what a policy names. Whatever it throws means that there is no such thing to use. */
export interface PolicyFiles {
  /** Gets paths as the policy has them: relative ones are relative to the directory of the policy. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** The regular files of a directory, links followed; none if there is no such directory. */
  readonly list: (directory: string) => Promise<readonly DirectoryFile[]>;
}

export interface LoadedTrustSet {
  readonly anchors: TrustAnchors;
  readonly problems: readonly PolicyProblem[];
}

/** Reads the certificates and revocation lists of every trust set; a problem for each file that gives none. */
export async function loadTrustSets(
  { trust }: ExtensionPolicyDocument,
  document: PolicyDocument,
  files: PolicyFiles,
): Promise<readonly LoadedTrustSet[]> {
  const sets: LoadedTrustSet[] = [];
  // One after another: as many files as a policy may name are more than a process may have open.
  for (const [name, set] of Object.entries(trust)) sets.push(await loadTrustSet(name, set, document, files));
  return sets;
}

async function loadTrustSet(
  name: string,
  set: ExtensionPolicyDocument['trust'][string],
  document: PolicyDocument,
  files: PolicyFiles,
): Promise<LoadedTrustSet> {
  const place = (...path: readonly (string | number)[]): string => document.at(['trust', name, ...path]);
  const certificates: (readonly Certificate[] | PolicyProblem)[] = [];
  const lists: (readonly RevocationList[] | PolicyProblem)[] = [];
  for (const [index, file] of (set.certificates ?? []).entries())
    certificates.push(await load(file, place('certificates', index), files, parseCertificates));
  if (set.directories !== undefined)
    certificates.push(...(await loadDirectories(set.directories, place('directories'), files)));
  for (const [index, file] of (set.crls ?? []).entries())
    lists.push(await load(file, place('crls', index), files, parseRevocationLists));
  return {
    anchors: {
      name,
      mode: set.pinned ? 'pinned' : 'issued',
      certificates: certificates.flatMap(found),
      extendedKeyUsage: set.extendedKeyUsage.map((usage) => extendedKeyUsages[usage]),
      revocationLists: set.crls === undefined ? null : lists.flatMap(found),
    },
    problems: [...certificates, ...lists].flatMap((one) => ('message' in one ? [one] : [])),
  };
}

function found<T>(loaded: readonly T[] | PolicyProblem): readonly T[] {
  return 'message' in loaded ? [] : loaded;
}

/** Nothing in any of the directories is no problem: a host without them trusts nobody. */
async function loadDirectories(
  directories: readonly string[],
  at: string,
  files: PolicyFiles,
): Promise<readonly (readonly Certificate[] | PolicyProblem)[]> {
  const listed: { readonly path: string; readonly files: readonly DirectoryFile[] }[] = [];
  for (const path of directories) {
    try {
      listed.push({ path, files: await files.list(path) });
    } catch (error) {
      return [{ message: messageOf(error, path), at }];
    }
  }
  const chosen = findCertificateFiles(listed);
  if (chosen === null) return [{ message: 'the directories have more than 1000 certificates', at }];
  const loaded: (readonly Certificate[] | PolicyProblem)[] = [];
  for (const file of chosen) loaded.push(await load(file, at, files, firstCertificate));
  return loaded;
}

// systemd reads the first certificate of a file and no more.
function firstCertificate(bytes: Uint8Array, field: string): readonly Certificate[] {
  return parseCertificates(bytes, field).slice(0, 1);
}

async function load<T>(
  file: string,
  at: string,
  { read }: PolicyFiles,
  parse: (bytes: Uint8Array, field: string) => readonly T[],
): Promise<readonly T[] | PolicyProblem> {
  let bytes: Uint8Array;
  try {
    bytes = await read(file);
  } catch (error) {
    return { message: messageOf(error, file), at };
  }
  try {
    return parse(bytes, file);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unsupported) return { message: error.message, at };
    throw error;
  }
}

function messageOf(error: unknown, path: string): string {
  return error instanceof Error ? error.message : `${path} cannot be read`;
}
