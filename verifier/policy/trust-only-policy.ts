import { digest } from '../bytes/digest.ts';
import { toHex } from '../bytes/hex.ts';
import type { Certificate } from '../trust/certificate.ts';
import type { Policy, Rule } from './policy.ts';

const setName = '--trust';

const everything: Omit<Rule, 'name' | 'admits'> = {
  ...{ class: null, nameGlob: null, form: null, labels: new Map(), architecture: null, at: null },
  ...{
    rootHashes: null,
    hashTypes: [1],
    version: null,
    noDowngrade: false,
    validity: { notBefore: null, notAfter: null },
  },
};

/**
 * The policy of `--trust CERTIFICATE` alone: any image signed by one of these certificates, or by one issued under them.
 * Verdicts name no rule, since there is no file whose rule it could be.
 */
export function trustOnlyPolicy(certificates: readonly Certificate[]): Policy {
  return {
    name: setName,
    version: 0,
    sha256: toHex(digest('sha256', ...certificates.map(({ der }) => der))),
    ...{ path: null, document: null, minimum: null, replaces: null, mode: 'enforce' },
    anchors: [{ name: setName, mode: 'either', certificates, extendedKeyUsage: [], revocationLists: null }],
    rules: [{ ...everything, name: setName, admits: { kind: 'signed-by', sets: [setName] } }],
    revokedRootHashes: new Set(),
    revokedCertificates: new Set(),
    revocationPlaces: new Map(),
    onRefused: 'abort',
    measurePcr: 13,
    withoutTpm: 'refuse',
    warnings: [],
  };
}
