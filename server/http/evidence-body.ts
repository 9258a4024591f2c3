import { type Evidence, toBindingDocument, toEvidenceDocument } from '../../verifier/evidence/evidence.ts';

/**
 * The evidence document in parts of bytes. Evidence by the same quote differs in nothing but its binding, and the logs are
 * large: the rest is written as JSON once a quote, and held in memory once, however many clients wait for it.
 */
export function evidenceBody(evidence: Evidence): readonly [binding: Buffer, rest: Buffer] {
  const known = rests.get(evidence.quote);
  const rest = known ?? Buffer.from(restText(evidence));
  if (known === undefined) rests.set(evidence.quote, rest);
  return [Buffer.from(`{"binding":${JSON.stringify(toBindingDocument(evidence.binding))},`), rest];
}

const rests = new WeakMap<Evidence['quote'], Buffer>();

function restText(evidence: Evidence): string {
  const { version, claims, quote, pcrs, identity, logs } = toEvidenceDocument(evidence);
  return JSON.stringify({ version, claims, quote, pcrs, identity, logs }).slice('{'.length);
}
