import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import { extendedKeyUsages } from '../policy/trust-schema.ts';
import type { TrustAnchors } from '../trust/anchors.ts';
import type { Aspects } from './diff-aspects.ts';

const usageNames = new Map<string, string>(
  Object.entries(extendedKeyUsages).map(([name, identifier]) => [identifier, name]),
);

/** All that a trust set is but its name: its certificates and lists by their digests, whatever files they are in. */
export function trustAspects({
  mode,
  certificates,
  extendedKeyUsage,
  revocationLists,
}: TrustAnchors): Aspects {
  const lists = (revocationLists ?? []).map(
    ({ called, signed }) => `${called} (SHA-256 of what is signed: ${toHex(digest('sha256', signed))})`,
  );
  return new Map<string, readonly string[]>([
    ['pinned', [String(mode === 'pinned')]],
    ['certificate', certificates.map(({ subject, sha256 }) => `${subject} (${sha256})`)],
    ['extendedKeyUsage', extendedKeyUsage.map((usage) => usageNames.get(usage) ?? usage)],
    ['revocation lists', [revocationLists === null ? 'not asked for' : 'asked for']],
    ['list', lists],
  ]);
}
