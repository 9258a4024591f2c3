import { parseBase64 } from '../bytes/base64.ts';
import { Malformed } from '../bytes/failures.ts';
import type { ClaimedSet } from '../evidence/claims.ts';
import { type ContentAlgorithm, parseContentAlgorithm } from '../image/content-algorithm.ts';
import type { ExtensionHistory, ExtensionRecord } from '../measurement/extension-history.ts';
import { decide, type Verdict } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import { type ImageFacts, signatureFacts } from '../policy/facts.ts';
import { type Reason, reason } from '../reasons.ts';
import type { SignatureVerdict, verifyRootHashSignature } from '../trust/root-hash-signature.ts';
import type { AppraisedExtension } from './appraisal.ts';

interface Judge {
  readonly policy: Policy;
  readonly now: Date;
  /** Of the host, as the verifier knows them: a host's own word for where it stands proves nothing. */
  readonly labels: ReadonlyMap<string, string>;
  readonly verifySignature: typeof verifyRootHashSignature;
}

/**
 * Decides about every extension that the authenticated log says may be in use: its PKCS#7 is verified over the measured
 * root hash with the verifier's own trust anchors, and the verifier's own policy is asked again.
 */
export function appraiseExtensions(
  history: ExtensionHistory,
  claimed: readonly ClaimedSet[],
  judge: Judge,
): AppraisedExtension[] {
  return [...history.sets.values()]
    .filter(({ state }) => state !== 'unmerged')
    .flatMap(({ extensions }) =>
      extensions.map((extension) =>
        appraiseExtension(extension, claimedSignature(extension, claimed), judge),
      ),
    );
}

/** The signature the claims offer for a measured extension. It need not be matched with care: it has to verify. */
function claimedSignature(extension: ExtensionRecord, claimed: readonly ClaimedSet[]): string | null {
  const set = claimed.find((candidate) => candidate.class === extension.class);
  const entry = set?.extensions.find(
    ({ name, rootHash }) => name === extension.name && rootHash === extension.rootHash,
  );
  return entry?.signature ?? null;
}

function appraiseExtension(
  extension: ExtensionRecord,
  signature: string | null,
  judge: Judge,
): AppraisedExtension {
  const { class: extensionClass, name, version, rootHash } = extension;
  const form = formOf(extension);
  const verified = form === 'verity' ? verifySignature(extension, signature, judge) : unsignable;
  const signatureKnown = signatureFacts(verified);
  const factsOf = (one: ImageFacts['form']): ImageFacts => ({
    class: extensionClass,
    name,
    version,
    form: one,
    rootHash,
    architecture: null,
    hashType: null,
    // Downgrades are for the host's own gate to refuse: it alone knows what it merged before.
    accepted: null,
    signature: signatureKnown,
  });
  const forms = form === 'verity' ? (['ddi', 'sidecar'] as const) : [form];
  const verdict = decideAny(
    forms.map((one) => decide(judge.policy, factsOf(one), judge)),
    extension.rule,
  );
  const reasons = [...verdict.reasons, ...checkMeasuredSigner(extension, form, verified)];
  return {
    class: extensionClass,
    name,
    version,
    rootHash,
    rule: verdict.rule,
    reasons,
    verdict: reasons.length === 0 ? 'accepted' : 'refused',
    signer: verified.signed ? verified.signature.signers[0].certificate.subject : null,
  };
}

/**
 * Evidence does not say which of the two forms with a hash tree an image has, and rules can be about one of them. So the
 * verdict is that of the form which the rule that the host measured accepts; where there is none, every form must do.
 */
function decideAny(verdicts: readonly Verdict[], rule: string): Verdict {
  const measured = verdicts.find((one) => one.verdict === 'accepted' && one.rule === rule);
  const [first] = verdicts;
  const worst = measured ?? verdicts.find((one) => one.verdict === 'refused') ?? first;
  return (
    worst ?? { verdict: 'refused', rule: null, reasons: [reason('no-matching-rule', 'It has no form.')] }
  );
}

const contentForms = { verity: 'verity', file: 'bare', tree: 'directory' } as const satisfies Record<
  ContentAlgorithm['over'],
  string
>;

function formOf({ hashAlgorithm }: ExtensionRecord): 'verity' | 'bare' | 'directory' {
  return contentForms[parseContentAlgorithm(hashAlgorithm)?.over ?? 'verity'];
}

const unsignable: SignatureVerdict = {
  signed: false,
  reasons: [reason('unsigned', 'Nobody can sign an extension without a hash tree.')],
  claimedSigner: null,
};

const maximumSignatureBytes = 1024 * 1024;

function verifySignature(
  { rootHash }: ExtensionRecord,
  signature: string | null,
  judge: Judge,
): SignatureVerdict {
  const refuse = (why: Reason): SignatureVerdict => ({ signed: false, reasons: [why], claimedSigner: null });
  if (signature === null)
    return refuse(reason('unsigned', 'The evidence carries no signature of this image.'));
  try {
    const cms = parseBase64(signature, 'claims: signature', maximumSignatureBytes);
    return judge.verifySignature(rootHash, cms, judge.policy.anchors, judge.now);
  } catch (error) {
    if (error instanceof Malformed) return refuse(reason(error.code, `${error.message}.`));
    throw error;
  }
}

// Another signature of the same image would verify as well; what the host measured is who signed the one it took.
function checkMeasuredSigner(
  { signer }: ExtensionRecord,
  form: ReturnType<typeof formOf>,
  verified: SignatureVerdict,
): Reason[] {
  const found = verified.signed ? verified.signature.signers[0].certificate.sha256 : 'unsigned';
  // What has a hash tree and no signature that verifies is refused by every policy.
  if (found === signer || (form === 'verity' && !verified.signed)) return [];
  const message = `The signature in the claims is by ${found}; the host measured ${signer}.`;
  return [reason('set-mismatch', message)];
}
