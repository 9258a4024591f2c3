import { digest } from '../bytes/digest.ts';
import { parseHex, toHex } from '../bytes/hex.ts';
import { maximumProblems, parsePolicyDocument, type PolicyDocument, type PolicyProblem } from './document.ts';
import { explainIssue } from './explain-issue.ts';
import { lintPolicy } from './lint.ts';
import type { AdmittedDigests, Policy, Rule } from './policy.ts';
import { type ExtensionPolicyDocument, extensionPolicySchema } from './schema.ts';
import { suggestion } from './suggestion.ts';
import { loadTrustSets, type ReadCertificate } from './trust-sets.ts';

/** The policy cannot be used. `problems` has all that were found, in the order of the file, each with its place. */
export class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    const sorted = [...problems].sort((a, b) => a.at.localeCompare(b.at, 'en', { numeric: true }));
    const shown = sorted.slice(0, maximumProblems);
    super(shown.map(({ at, message }) => `${at}: ${message}`).join('\n'));
    this.problems = shown;
  }
}

export interface PolicySource {
  readonly text: Uint8Array;
  /** As places and messages name it. */
  readonly path: string;
  /** Gets paths as the policy has them: relative ones are relative to the directory of the policy. */
  readonly readCertificate: ReadCertificate;
}

const maximumBytes = 1024 * 1024;

/**
 * Parses a policy, resolves the names in it, and reads the certificates it names. Fails closed: what is not known, a key
 * of a later version for example, is a problem and never ignored.
 *
 * @throws PolicyInvalid with the problems found.
 */
export async function loadPolicy({ text, path, readCertificate }: PolicySource): Promise<Policy> {
  const { value, document } = parse(text, path);
  const sets = await loadTrustSets(value, document, readCertificate);
  const problems = [...sets.flatMap((set) => set.problems), ...checkNames(value, document)];
  if (problems.length > 0) throw new PolicyInvalid(problems);
  const anchors = sets.map((set) => set.anchors);
  const rules = value.rules.map((rule, index) => toRule(rule, document.at(['rules', index])));
  return {
    name: value.metadata.name,
    version: value.metadata.version,
    sha256: toHex(digest('sha256', text)),
    path,
    anchors,
    rules,
    revokedRootHashes: new Set(value.revoked?.rootHashes.map((hash) => parseHex(hash, 'rootHashes'))),
    revokedCertificates: new Set(value.revoked?.certificates.map(({ sha256 }) => parseHex(sha256, 'sha256'))),
    onRefused: value.onRefused,
    measurePcr: value.measure.pcr,
    warnings: lintPolicy(anchors, rules, document),
  };
}

interface ParsedPolicy {
  readonly value: ExtensionPolicyDocument;
  readonly document: PolicyDocument;
}

function parse(bytes: Uint8Array, path: string): ParsedPolicy {
  const parsed = parsePolicyDocument(decode(bytes, path), path);
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = extensionPolicySchema.safeParse(document.value);
  if (result.success) return { value: result.data, document };
  const issues = result.error.issues.slice(0, maximumProblems);
  throw new PolicyInvalid(issues.flatMap((issue) => explainIssue(issue, document)));
}

function decode(bytes: Uint8Array, path: string): string {
  const refuse = (message: string): PolicyInvalid => new PolicyInvalid([{ message, at: `${path}:1:1` }]);
  if (bytes.length > maximumBytes) throw refuse(`the file is larger than ${maximumBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse('the file is not UTF-8');
  }
}

/** Names that rules use must be there, and no two rules may share one: verdicts and events name rules. */
function checkNames({ trust, rules }: ExtensionPolicyDocument, document: PolicyDocument): PolicyProblem[] {
  const sets = Object.keys(trust);
  const unknown = rules
    .flatMap(({ require: { signedBy = [] } }, rule) =>
      signedBy.map((set, index) => ({ set, path: ['rules', rule, 'require', 'signedBy', index] })),
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

type RuleDocument = ExtensionPolicyDocument['rules'][number];

function toRule({ name, match, require }: RuleDocument, at: string): Rule {
  return {
    name,
    class: match.class ?? null,
    nameGlob: match.name ?? null,
    form: match.form ?? null,
    signedBy: require.signedBy ?? [],
    digests: toDigests(require),
    architecture: require.architecture ?? null,
    hashTypes: require.hashType,
    at,
  };
}

function toDigests({ treeDigest, fileDigest }: RuleDocument['require']): AdmittedDigests | null {
  const listed = treeDigest ?? fileDigest;
  if (listed === undefined) return null;
  const values = new Set(listed.map((text) => parseHex(text.slice('sha256:'.length), 'digest', 32)));
  return { form: treeDigest === undefined ? 'bare' : 'directory', values };
}
