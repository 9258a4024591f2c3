import type { ClaimedSet, Claims } from '../evidence/claims.ts';
import type { WholeLogs } from '../evidence/complete-logs.ts';
import { type Evidence, parseEvidence } from '../evidence/evidence.ts';
import { type EvidenceTemplate, parseByTemplate } from '../evidence/evidence-template.ts';
import type { Identity } from '../evidence/identity.ts';
import { claimsDigest } from '../evidence/qualifying-data.ts';
import type { ExtensionHistory } from '../measurement/extension-history.ts';
import type { QuotedPcrs } from '../tpm/quote.ts';
import { type SignatureVerdict, verifyRootHashSignature } from '../trust/root-hash-signature.ts';
import type { Reason } from '../reasons.ts';
import type { AppraisedExtension } from './appraisal.ts';
import { appraiseExtensions } from './appraise-extensions.ts';
import { checkSets } from './check-claimed-sets.ts';
import { knownKeyOf, type KnownKey } from './known-key.ts';
import { type ExtensionPcr, type ProvedLogs, readLogs } from './read-logs.ts';

/**
 * Steps of an appraisal whose answer depends on nothing but their arguments, so that a verifier of many hosts may remember it.
 * `recallNothing` takes each step anew; both give the same answers.
 */
export interface Recall {
  /** @throws Malformed */
  readonly attestationKey: (identity: Identity) => KnownKey;
  /** @throws Malformed */
  readonly evidence: (bytes: Uint8Array, key: KnownKey) => Evidence;
  readonly claimsDigest: (claims: Claims) => Uint8Array;
  /** `quote` has the PCR values of the evidence, verified. */
  readonly logs: (evidence: Evidence, logs: WholeLogs, quote: QuotedPcrs, pcr: ExtensionPcr) => ProvedLogs;
  readonly sets: typeof checkSets;
  readonly extensions: typeof appraiseExtensions;
  readonly signature: typeof verifyRootHashSignature;
}

export const recallNothing: Recall = {
  attestationKey: knownKeyOf,
  evidence: parseEvidence,
  claimsDigest,
  logs: ({ claims }, logs, quote, pcr) => readLogs(claims, logs, quote, pcr),
  sets: checkSets,
  extensions: appraiseExtensions,
  signature: verifyRootHashSignature,
};

/** Characters of more signatures than a fleet has images; forgotten all at once. */
const maximumSignatureText = 32 * 1024 * 1024;

/**
 * Remembers for one policy: of each host its key and what was the same in its last evidence to the byte, and in all that depends on the
 * time for the second that it was found out in: certificates and rules change theirs at whole seconds. What a quote and its
 * signature say is never remembered.
 *
 * @param hosts so many; of further ones the longest unseen is forgotten.
 */
export function createRecall(hosts: number): Recall {
  const keys = new Map<string, KnownKey>();
  const templates = new WeakMap<KnownKey, EvidenceTemplate>();
  const digests = new WeakMap<Claims, Uint8Array>();
  const proved = new WeakMap<Claims, Proved>();
  const compared = new WeakMap<
    ExtensionHistory,
    { readonly sets: readonly ClaimedSet[]; readonly reasons: Reason[] }
  >();
  const judged = new WeakMap<ExtensionHistory, Judged>();
  const signatures = createSignatureRecall();
  return {
    attestationKey: (identity) => {
      // Each says how long it is, so that two texts are two pairs.
      const name = textOf(identity.attestation.public) + textOf(identity.endorsement.public);
      const key = keys.get(name) ?? knownKeyOf(identity);
      keys.delete(name);
      keys.set(name, key);
      const [oldest] = keys.keys();
      if (keys.size > Math.max(hosts, 1) && oldest !== undefined) keys.delete(oldest);
      return key;
    },
    evidence: (bytes, key) => {
      if (hosts === 0) return parseEvidence(bytes);
      const { evidence, template } = parseByTemplate(bytes, templates.get(key) ?? null);
      if (template !== null) templates.set(key, template);
      return evidence;
    },
    claimsDigest: (claims) => once(digests, claims, () => claimsDigest(claims)),
    logs: ({ claims, pcrs }, { firmware, userspace }, quote, pcr) => {
      const before = proved.get(claims);
      // The very objects: a template hands out those that it was made of.
      if (before?.pcrs === pcrs && before.firmware === firmware && before.userspace === userspace)
        return before.logs;
      const logs = readLogs(claims, { firmware, from: 0, userspace }, quote, pcr);
      proved.set(claims, { pcrs, firmware, userspace, logs });
      return logs;
    },
    sets: (history, sets) => {
      const before = compared.get(history);
      if (before?.sets === sets) return before.reasons;
      const reasons = checkSets(history, sets);
      compared.set(history, { sets, reasons });
      return reasons;
    },
    extensions: (history, sets, judge) => {
      const before = judged.get(history);
      const second = secondOf(judge.now);
      if (before?.second === second && before.sets === sets && isSame(before.labels, judge.labels))
        return before.extensions;
      const extensions = appraiseExtensions(history, sets, judge);
      // A copy: the caller may change his own.
      judged.set(history, { second, labels: new Map(judge.labels), sets, extensions });
      return extensions;
    },
    signature: signatures,
  };
}

interface Proved extends Pick<WholeLogs, 'firmware' | 'userspace'> {
  readonly pcrs: Evidence['pcrs'];
  readonly logs: ProvedLogs;
}

interface Judged {
  readonly second: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly sets: readonly ClaimedSet[];
  readonly extensions: AppraisedExtension[];
}

function createSignatureRecall(): typeof verifyRootHashSignature {
  const known = new Map<string, SignatureVerdict>();
  let second = Number.NaN;
  let held = 0;
  return (rootHash, cms, anchors, now) => {
    if (secondOf(now) !== second || held > maximumSignatureText) {
      known.clear();
      [second, held] = [secondOf(now), 0];
    }
    const name = `${rootHash} ${textOf(cms)}`;
    const before = known.get(name);
    if (before !== undefined) return before;
    const verdict = verifyRootHashSignature(rootHash, cms, anchors, now);
    known.set(name, verdict);
    held += name.length;
    return verdict;
  };
}

function isSame(some: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): boolean {
  return some.size === others.size && [...some].every(([name, value]) => others.get(name) === value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function secondOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

function once<K extends object, V>(known: WeakMap<K, V>, key: K, find: () => V): V {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}
