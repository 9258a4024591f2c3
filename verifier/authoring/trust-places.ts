import type { Policy } from '../policy/policy.ts';
import { extensionPolicySchema } from '../policy/schema.ts';
import type { PolicyFiles } from '../policy/trust-sets.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import { type Certificate, parseCertificates } from '../trust/certificate.ts';
import type { RevocationList } from '../trust/revocation-list.ts';

/** What was read from files, by the paths that the policy has. */
export type Readings = ReadonlyMap<string, Uint8Array>;

/** The same files, and what is read from them from now on. */
export function rememberFiles(files: PolicyFiles): {
  readonly files: PolicyFiles;
  readonly readings: Readings;
} {
  const readings = new Map<string, Uint8Array>();
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await files.read(path);
    readings.set(path, bytes);
    return bytes;
  };
  return { files: { ...files, read }, readings };
}

/** A trust set, and where the policy names what is in it. */
export interface PlacedTrust {
  readonly anchors: TrustAnchors;
  readonly at: string;
  /** Each once. */
  readonly certificates: readonly { readonly certificate: Certificate; readonly at: string }[];
  /** Empty if revocation is not asked of lists. */
  readonly lists: readonly { readonly list: RevocationList; readonly at: string }[];
}

/** The trust sets of a policy that was read from a file. */
export function placeTrust({ anchors, document }: Policy, readings: Readings): readonly PlacedTrust[] {
  const written = extensionPolicySchema.safeParse(document?.value).data;
  return anchors.map((set) => {
    const path = ['trust', set.name];
    const place = (...more: readonly (string | number)[]): string => document?.at([...path, ...more]) ?? '';
    const { certificates: files, crls } = written?.trust[set.name] ?? {};
    const places = new Map<string, string>();
    for (const [index, file] of (files ?? []).entries())
      for (const { sha256 } of parseCertificates(readings.get(file) ?? new Uint8Array(), file))
        if (!places.has(sha256)) places.set(sha256, place('certificates', index));
    const distinct = [...new Map(set.certificates.map((one) => [one.sha256, one])).values()];
    return {
      anchors: set,
      at: document?.atKey(['trust'], set.name) ?? '',
      certificates: distinct.map((certificate) => ({
        certificate,
        at: places.get(certificate.sha256) ?? place('directories'),
      })),
      lists: (set.revocationLists ?? []).map((list) => ({
        list,
        at: place('crls', crls?.findIndex((file) => isFrom(list, file)) ?? 0),
      })),
    };
  });
}

// A list is called by its file, and where that has several by its number in it.
function isFrom({ called }: RevocationList, file: string): boolean {
  return called === file || called.startsWith(`${file}: list `);
}
