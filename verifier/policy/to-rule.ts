import { parseHex } from '../bytes/hex.ts';
import type { Admission, Rule } from './policy.ts';
import type { ExtensionPolicyDocument } from './schema.ts';
import { parseMoment, type Validity } from './validity.ts';
import { parseVersionRange, type VersionRange } from './version-range.ts';

type RuleDocument = ExtensionPolicyDocument['rules'][number];

/**
 * A rule as decisions use it, of one that fits the schema.
 *
 * @param at its place in the file.
 */
export function toRule({ name, match, validity, require }: RuleDocument, at: string): Rule {
  return {
    name,
    class: match.class ?? null,
    nameGlob: match.name ?? null,
    form: match.form ?? null,
    labels: toLabels(match.labels),
    validity: toValidity(validity),
    admits: toAdmission(require),
    rootHashes: toRootHashes(require.rootHash),
    architecture: require.architecture ?? null,
    hashTypes: require.hashType,
    version: require.version === undefined ? null : toVersionRange(require.version),
    noDowngrade: require.noDowngrade,
    at,
  };
}

function toLabels(labels: RuleDocument['match']['labels'] = {}): Rule['labels'] {
  return new Map(
    Object.entries(labels).map(([label, values]) => [label, typeof values === 'string' ? [values] : values]),
  );
}

function toValidity(validity: RuleDocument['validity']): Validity {
  return {
    notBefore: toMoment(validity?.notBefore, 'first'),
    notAfter: toMoment(validity?.notAfter, 'last'),
  };
}

// What is no moment has not passed the schema. An invalid date, here too, is never in force.
function toMoment(text: string | undefined, end: 'first' | 'last'): Date | null {
  return text === undefined ? null : (parseMoment(text, end) ?? new Date(NaN));
}

// What is no range has not passed the schema. A range without a version in it, here too.
function toVersionRange(text: string): VersionRange {
  const range = parseVersionRange(text);
  return typeof range === 'string' ? { text, comparisons: [{ operator: '<', version: '' }] } : range;
}

function toRootHashes(hashes: readonly string[] | undefined): Rule['rootHashes'] {
  return hashes === undefined ? null : new Set(hashes.map((hash) => parseHex(hash, 'rootHash')));
}

function toAdmission({ signedBy, signedByAll, treeDigest, fileDigest }: RuleDocument['require']): Admission {
  if (signedBy !== undefined) return { kind: 'signed-by', sets: signedBy };
  if (signedByAll !== undefined) return { kind: 'signed-by-all', sets: signedByAll };
  const values = (treeDigest ?? fileDigest ?? []).map((text) =>
    parseHex(text.slice('sha256:'.length), 'digest', 32),
  );
  return { kind: 'digest', form: treeDigest === undefined ? 'bare' : 'directory', values: new Set(values) };
}
