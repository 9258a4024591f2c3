import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { Certificate } from '../trust/certificate.ts';
import type { Policy } from './policy.ts';

const setName = '--trust';

const everything = {
  ...{ class: null, nameGlob: null, form: null, digests: null, architecture: null, at: null },
  hashTypes: [1],
} as const;

/**
 * The policy of `--trust CERTIFICATE` alone: any image signed by one of these certificates, or by one issued under them.
 * Verdicts name no rule, since there is no file whose rule it could be.
 */
export function trustOnlyPolicy(certificates: readonly Certificate[]): Policy {
  return {
    name: setName,
    version: 0,
    sha256: toHex(digest('sha256', ...certificates.map(({ der }) => der))),
    path: null,
    anchors: [{ name: setName, mode: 'either', certificates, extendedKeyUsage: [] }],
    rules: [{ ...everything, name: setName, signedBy: [setName] }],
    revokedRootHashes: new Set(),
    revokedCertificates: new Set(),
    onRefused: 'abort',
    measurePcr: 13,
    warnings: [],
  };
}
