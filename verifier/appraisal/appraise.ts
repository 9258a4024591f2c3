import type { AppraisalPolicy } from '../appraisal-policy/appraisal-policy.ts';
import { Malformed } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import type { EnrolmentRecord } from '../enrolment/enrolment-record.ts';
import { completeLogs, type KnownLogs } from '../evidence/complete-logs.ts';
import { type Evidence, parseEvidence } from '../evidence/evidence.ts';
import type { Identity } from '../evidence/identity.ts';
import { claimsDigest, qualifyingDataOf } from '../evidence/qualifying-data.ts';
import type { Policy } from '../policy/policy.ts';
import { type Reason, reason } from '../reasons.ts';
import { type QuotedPcrs, type QuoteVerdict, verifyQuote } from '../tpm/quote.ts';
import { answerOf } from './answer.ts';
import type { Appraisal } from './appraisal.ts';
import { checkBinding } from './check-binding.ts';
import { checkChannel } from './check-channel.ts';
import { checkContinuity, type ProvedMoment } from './check-continuity.ts';
import { checkIdentity } from './check-identity.ts';
import { checkLogClaim, checkLogComplete } from './check-log-claim.ts';
import { checkObserved, judgeObserved } from './check-observed.ts';
import { judgeHost, toPolicyName } from './judge-host.ts';
import { checkSigner, type KnownKey } from './known-key.ts';
import type { ProvedLogs } from './read-logs.ts';
import { type Recall, recallNothing } from './recall.ts';

/** What a verifier brings to every appraisal. */
export interface Verifier {
  /** The policy that decides about each extension again; it also names the PCR. */
  readonly policy: Policy;
  /** Firmware logs by their SHA-256 in hexadecimal: those that the host was told it need not send. */
  readonly knownFirmwareLogs?: ReadonlyMap<string, Uint8Array> | undefined;
  /**
   * SHA-256 in hexadecimal of what the boot loader may have measured into the extension PCR: archives of extensions that lie
   * beside the kernel image.
   */
  readonly knownBootDigests?: ReadonlySet<string> | undefined;
}

/** What a verifier has of one host; nothing but the evidence comes from the host at the time of appraisal. */
export interface HostAnswer {
  /** The evidence document, as received. */
  readonly evidence: Uint8Array;
  /** The nonce of the challenge that the evidence must answer. */
  readonly nonce: Uint8Array;
  /** The host's keys, learned when the host was enrolled. */
  readonly identity: Identity;
  /** The time at which certificates must be valid and rules in force. */
  readonly now: Date;
  /** Labels of the host, as the verifier knows them. */
  readonly labels: ReadonlyMap<string, string>;
  /**
   * SHA-256 of the TLS public key of the connection that the evidence came by; null if there was no TLS; undefined if it is
   * not known, and is not checked then.
   */
  readonly tlsKeySha256?: Hex | null | undefined;
  /** The evidence document of this host that was accepted last, where the verifier keeps it; see `completeEvidence`. */
  readonly previous?: Uint8Array | undefined;
  /** What the host must prove besides that what is merged is allowed; nothing if there is none. */
  readonly appraisalPolicy?: AppraisalPolicy | undefined;
  /** What the host's enrolment rests on, where the identity is of an enrolment record. */
  readonly enrolment?: EnrolmentRecord['endorsement']['trust'] | undefined;
}

export type AppraisalInput = HostAnswer & Verifier;

const noDigests: ReadonlySet<string> = new Set();

/**
 * Decides whether evidence proves that what is merged on a host is allowed (RFC 9334: the verifier). Each stage trusts
 * only what the one before it authenticated: the quote by the known key, the claims by the quote, the logs by the quoted
 * PCRs, the extensions by the log and by their own signatures.
 *
 * Never throws for anything the evidence holds: bad evidence is an answer with its reasons.
 *
 * @throws Malformed if the identity or the previous evidence that the verifier brings is none of this host.
 */
export function appraise(input: AppraisalInput): Appraisal {
  return appraiseWith(input, input, recallNothing);
}

/** The same, with the help of what was found out before. */
export function appraiseWith(input: HostAnswer, verifier: Verifier, recall: Recall): Appraisal {
  const { policy, knownBootDigests = noDigests } = verifier;
  const key = recall.attestationKey(input.identity);
  const previous = parsePrevious(input);
  const evidence = parse(input.evidence, (bytes) => recall.evidence(bytes, key));
  if ('code' in evidence) return conclude(key, { reasons: [evidence] });
  const expected = { key, measurePcr: policy.measurePcr };
  const quote = verifyEvidenceQuote(evidence, recall.claimsDigest(evidence.claims), expected);
  const bound = [
    ...checkIdentity(evidence.identity, input.identity),
    ...checkBinding(evidence.binding, input.nonce),
  ];
  if (!quote.verified) return conclude(key, { reasons: [...bound, ...quote.reasons] });
  bound.push(...checkSigner(quote.quote, key));
  if (bound.length > 0) return conclude(key, { reasons: bound });
  // Only now: that a log is missing leaves the answer open, which forged evidence must not.
  const completed = completeLogs(evidence, knownLogs(verifier.knownFirmwareLogs, previous));
  if (!completed.complete) return conclude(key, { quote: quote.quote, reasons: completed.reasons });
  const { logs } = completed;
  const proved = recall.logs(evidence, logs, quote.quote, {
    measurePcr: policy.measurePcr,
    knownBootDigests,
  });
  const { history, firmware, summary, system } = proved;
  if (history === null)
    return conclude(key, { quote: quote.quote, firmware: summary, system, reasons: proved.reasons });
  const before = previousMoment(previous, expected);
  const { merged } = evidence.claims;
  const observed = merged === null ? null : judgeObserved(history, merged);
  const host = judgeHost({ quote: quote.quote, history, firmware, previous: before, merged }, policy, input);
  return conclude(key, {
    hostPolicy: input.appraisalPolicy === undefined ? null : toPolicyName(input.appraisalPolicy),
    quote: quote.quote,
    firmware: summary,
    system,
    history,
    observed,
    host,
    reasons: [
      ...proved.reasons,
      ...checkChannel(evidence.claims, input.tlsKeySha256),
      ...checkLogComplete(evidence.claims.logs.userspace),
      ...(before === null ? [] : checkContinuity(momentOf({ ...evidence, logs }, quote.quote), before)),
      ...recall.sets(history, evidence.claims.sets),
      ...(observed === null ? [] : checkObserved(history, observed)),
      ...host.reasons,
    ],
    extensions: recall.extensions(history, evidence.claims.sets, {
      policy,
      now: input.now,
      labels: input.labels,
      verifySignature: recall.signature,
    }),
  });
}

function parse(bytes: Uint8Array, parseBytes: (bytes: Uint8Array) => Evidence): Evidence | Reason {
  try {
    return parseBytes(bytes);
  } catch (error) {
    if (error instanceof Malformed) return reason(error.code, `${error.message}.`);
    throw error;
  }
}

function knownLogs(firmware: Verifier['knownFirmwareLogs'], previous: Evidence | null): KnownLogs {
  const userspace =
    previous === null ? null : { bootId: previous.claims.bootId, log: previous.logs.userspace };
  return { firmware: firmware ?? new Map(), userspace };
}

function parsePrevious({ previous }: HostAnswer): Evidence | null {
  if (previous === undefined) return null;
  const evidence = parseEvidence(previous);
  if (evidence.logs.from > 0)
    throw new Malformed('previous evidence', 'leaves out the beginning of its log; complete it first');
  return evidence;
}

interface Expected {
  readonly key: KnownKey;
  readonly measurePcr: number;
}

function verifyEvidenceQuote(
  { quote, binding, pcrs }: Evidence,
  claimsSha256: Uint8Array,
  { key, measurePcr }: Expected,
): QuoteVerdict {
  return verifyQuote({
    attested: quote.attested,
    signature: quote.signature,
    attestationKey: key.area,
    qualifyingData: qualifyingDataOf(binding.root, claimsSha256),
    pcrs,
    requiredPcrs: [measurePcr],
    bank: 'sha256',
  });
}

/** Evidence of another host, or changed in the verifier's keeping, would say nothing about what this host proved before. */
function previousMoment(evidence: Evidence | null, expected: Expected): ProvedMoment | null {
  if (evidence === null) return null;
  const verdict = verifyEvidenceQuote(evidence, claimsDigest(evidence.claims), expected);
  if (!verdict.verified)
    throw new Malformed('previous evidence', `is not of this host: ${verdict.reasons[0]?.message ?? ''}`);
  const changed = checkLogClaim(
    evidence.logs.userspace,
    evidence.claims.logs.userspace.records,
    evidence.claims.logs.userspace,
  );
  if (changed.length > 0) throw new Malformed('previous evidence', 'has another log than was quoted');
  return momentOf(evidence, verdict.quote);
}

function momentOf({ claims, logs }: Evidence, { clockInfo, firmwareVersion }: QuotedPcrs): ProvedMoment {
  return { clockInfo, firmwareVersion, bootId: claims.bootId, log: logs.userspace };
}

/** The answer: trustworthy only if nothing at all speaks against it. */
function conclude(
  { area: { name } }: KnownKey,
  found: Pick<Appraisal, 'reasons'> &
    Partial<Pick<Appraisal, 'quote' | 'extensions' | 'observed'>> &
    Partial<Pick<Appraisal, 'firmware' | 'system' | 'hostPolicy' | 'host'>> &
    Partial<Pick<ProvedLogs, 'history'>>,
): Appraisal {
  const { reasons, host = null, quote = null, extensions = [] } = found;
  const { history = null, observed = null, firmware = null, system = [], hostPolicy = null } = found;
  const answer = answerOf([...reasons, ...extensions.flatMap((extension) => extension.reasons)]);
  return {
    // Without a history nothing was read that could speak against the host.
    verdict: answer === 'trustworthy' && history === null ? 'not-trustworthy' : answer,
    reasons,
    warnings: host?.warnings ?? [],
    host: hostPolicy === null ? null : host,
    hostPolicy,
    attestationKey: name,
    quote,
    firmware,
    system,
    sets: [...(history?.sets.values() ?? [])].map((set) => ({
      class: set.class,
      state: set.state,
      policy: set.policy,
    })),
    observed,
    extensions,
  };
}
