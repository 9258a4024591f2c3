import type { ExtensionRecord, MeasuredSet } from '../measurement/extension-history.ts';
import type { ClaimedSet } from './claims.ts';

/**
 * A measured set in the words of the claims.
 *
 * @param signatureOf base64 of the extension's PKCS#7, or null if there is none at hand.
 */
export function toClaimedSet(
  { class: extensionClass, state, policy, extensions }: MeasuredSet,
  signatureOf: (extension: ExtensionRecord) => string | null,
): ClaimedSet {
  return {
    class: extensionClass,
    state,
    policy: { name: policy.name, version: policy.version, sha256: policy.sha256 },
    extensions: extensions.map((extension) => ({
      name: extension.name,
      version: extension.version,
      hashAlgorithm: extension.hashAlgorithm,
      rootHash: extension.rootHash,
      signer: extension.signer,
      rule: extension.rule,
      signature: signatureOf(extension),
    })),
  };
}
