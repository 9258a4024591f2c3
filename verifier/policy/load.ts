import { digest } from '../bytes/digest.ts';
import { parseHex, toHex } from '../bytes/hex.ts';
import { maximumProblems, parsePolicyDocument, type PolicyDocument, type PolicyProblem } from './document.ts';
import { explainIssue } from './explain-issue.ts';
import { lintPolicy } from './lint.ts';
import { issuerAndSerial } from './certificate-identifiers.ts';
import type { Policy } from './policy.ts';
import { type ExtensionPolicyDocument, extensionPolicySchema } from './schema.ts';
import { suggestion } from './suggestion.ts';
import { decodePolicyText, PolicyInvalid } from './policy-text.ts';
import { toRule } from './to-rule.ts';
import { loadTrustSets, type PolicyFiles } from './trust-sets.ts';

export interface PolicySource {
  readonly text: Uint8Array;
  /** As places and messages name it. */
  readonly path: string;
  readonly files: PolicyFiles;
}

/**
 * Parses a policy, resolves the names in it, and reads the certificates it names. Fails closed: what is not known, a key
 * of a later version for example, is a problem and never ignored.
 *
 * @throws PolicyInvalid with the problems found.
 */
export async function loadPolicy({ text, path, files }: PolicySource): Promise<Policy> {
  const { value, document } = parse(text, path);
  const sets = await loadTrustSets(value, document, files);
  const problems = [...sets.flatMap((set) => set.problems), ...checkNames(value, document)];
  if (problems.length > 0) throw new PolicyInvalid(problems);
  const anchors = sets.map((set) => set.anchors);
  const rules = value.rules.map((rule, index) => toRule(rule, document.at(['rules', index])));
  return {
    name: value.metadata.name,
    version: value.metadata.version,
    minimum: value.metadata.minimum ?? null,
    replaces: value.metadata.replaces ?? null,
    sha256: toHex(digest('sha256', text)),
    path,
    anchors,
    rules,
    revokedRootHashes: new Set(value.revoked?.rootHashes.map((hash) => parseHex(hash, 'rootHashes'))),
    revokedCertificates: new Set(value.revoked?.certificates.map(toIdentifier)),
    revocationPlaces: findRevocationPlaces(value, document),
    mode: value.mode,
    onRefused: value.onRefused,
    measurePcr: value.measure.pcr,
    withoutTpm: value.measure.withoutTpm,
    warnings: lintPolicy(anchors, rules, document),
    document,
  };
}

function toIdentifier({ sha256, issuer = '', serial = '' }: RevokedCertificate): string {
  return sha256 ?? issuerAndSerial({ issuer, serial });
}

function findRevocationPlaces(
  { revoked }: ExtensionPolicyDocument,
  document: PolicyDocument,
): ReadonlyMap<string, string> {
  const place = (key: string, index: number): string => document.at(['revoked', key, index]);
  return new Map([
    ...(revoked?.rootHashes ?? []).map((hash, index) => [hash, place('rootHashes', index)] as const),
    ...(revoked?.certificates ?? []).map(
      (one, index) => [toIdentifier(one), place('certificates', index)] as const,
    ),
  ]);
}

type RevokedCertificate = NonNullable<ExtensionPolicyDocument['revoked']>['certificates'][number];

interface ParsedPolicy {
  readonly value: ExtensionPolicyDocument;
  readonly document: PolicyDocument;
}

function parse(bytes: Uint8Array, path: string): ParsedPolicy {
  const parsed = parsePolicyDocument(decodePolicyText(bytes, path), path);
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = extensionPolicySchema.safeParse(document.value);
  if (result.success) return { value: result.data, document };
  const issues = result.error.issues.slice(0, maximumProblems);
  throw new PolicyInvalid(issues.flatMap((issue) => explainIssue(issue, document)));
}

/** Names that rules use must be there, and no two rules may share one: verdicts and events name rules. */
function checkNames({ trust, rules }: ExtensionPolicyDocument, document: PolicyDocument): PolicyProblem[] {
  const sets = Object.keys(trust);
  const unknown = rules
    .flatMap(({ require }, rule) =>
      (['signedBy', 'signedByAll'] as const).flatMap((key) =>
        (require[key] ?? []).map((set, index) => ({ set, path: ['rules', rule, 'require', key, index] })),
      ),
    )
    .filter(({ set }) => !sets.includes(set))
    .slice(0, maximumProblems)
    .map(({ set, path }) => ({
      message: `no trust set is named ${JSON.stringify(set.slice(0, 64))}${suggestion(set, sets)}`,
      at: document.at(path),
    }));
  const names = rules.map(({ name }) => name);
  const repeated = names.flatMap((name, rule) => {
    if (names.indexOf(name) === rule) return [];
    const message = `a rule named "${name}" stands further up`;
    return [{ message, at: document.at(['rules', rule, 'name']) }];
  });
  return [...unknown, ...repeated];
}
