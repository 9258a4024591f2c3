import { parseBase64 } from '../bytes/base64.ts';
import { type Binding, type BindingDocument, parseBinding } from './binding.ts';
import { type Evidence, parseEvidence } from './evidence.ts';

/**
 * An evidence document without its binding and its quote. Of a host on which nothing happens, answers to one challenge after another
 * differ in these two alone.
 */
export interface EvidenceTemplate {
  /** Between binding and quote, and after the quote. */
  readonly middle: string;
  readonly end: string;
  readonly evidence: Evidence;
}

interface Parts {
  readonly binding: Binding;
  readonly middle: string;
  readonly attested: string;
  readonly signature: string;
  readonly end: string;
}

const step = '\\{"side":"(?:left|right)","hash":"[0-9a-f]{64}"\\}';
const bindingText = new RegExp(
  `^\\{"binding":\\{"nonce":"([A-Za-z0-9+/]{1,88}={0,2})","path":\\[(${step}(?:,${step}){0,31})?\\],"root":"([0-9a-f]{64})"\\},`,
);
const quoteKey = '"quote":{"attested":"';
const quoteText =
  /"quote":\{"attested":"([A-Za-z0-9+/]{1,8192}={0,2})","signature":"([A-Za-z0-9+/]{1,8192}={0,2})"\}/y;

/**
 * Parses an evidence document, and goes by a template where all but binding and quote is as in it, to the byte.
 *
 * Only a document that the strict parser has read becomes a template, and no shape in it but the outermost allows a key `quote`: so
 * where that key stands with a value of this form there is the quote, and what else stands there gives the same document as before.
 *
 * @throws Malformed as `parseEvidence`.
 */
export function parseByTemplate(
  bytes: Uint8Array,
  template: EvidenceTemplate | null,
): { readonly evidence: Evidence; readonly template: EvidenceTemplate | null } {
  const parts = bytes.length > maximumTemplateBytes ? null : split(bytes);
  if (parts === null) return { evidence: parseEvidence(bytes), template };
  if (template !== null && parts.middle === template.middle && parts.end === template.end)
    return { evidence: fill(template.evidence, parts), template };
  const evidence = parseEvidence(bytes);
  return { evidence, template: { middle: parts.middle, end: parts.end, evidence } };
}

/** Templates are kept, one a host; evidence with a large log is not worth it. */
const maximumTemplateBytes = 256 * 1024;

function split(bytes: Uint8Array): Parts | null {
  // A byte that is not ASCII stands for itself here, and for something else to the parser: two documents differ where their bytes do.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const [all, nonce, path = '', root] = bindingText.exec(text) ?? [];
  if (all === undefined || nonce === undefined || root === undefined) return null;
  const at = text.indexOf(quoteKey, all.length);
  quoteText.lastIndex = at;
  const [quote, attested, signature] = (at === -1 ? null : quoteText.exec(text)) ?? [];
  if (quote === undefined || attested === undefined || signature === undefined) return null;
  return {
    ...{ binding: parseBinding({ nonce, path: stepsOf(path), root }), attested, signature },
    middle: text.slice(all.length, at),
    end: text.slice(at + quote.length),
  };
}

function stepsOf(path: string): BindingDocument['path'] {
  return [...path.matchAll(/"side":"(left|right)","hash":"([0-9a-f]{64})"/g)].map(([, side, hash = '']) => ({
    side: side === 'left' ? 'left' : 'right',
    hash,
  }));
}

function fill(evidence: Evidence, { binding, attested, signature }: Parts): Evidence {
  return {
    ...evidence,
    binding,
    quote: {
      attested: parseBase64(attested, 'evidence.quote.attested', 4096),
      signature: parseBase64(signature, 'evidence.quote.signature', 4096),
    },
  };
}
