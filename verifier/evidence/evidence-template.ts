import { parseBase64 } from '../bytes/base64.ts';
import { type BindingDocument, parseBinding } from './binding.ts';
import { type Evidence, parseEvidence } from './evidence.ts';

/**
 * An evidence document, and where in it binding and quote are. Of a host on which nothing happens, answers to one challenge after
 * another differ in these two alone.
 */
export interface EvidenceTemplate {
  readonly bytes: Buffer;
  readonly bindingEnd: number;
  readonly quoteStart: number;
  readonly quoteEnd: number;
  readonly evidence: Evidence;
}

const step = '\\{"side":"(?:left|right)","hash":"[0-9a-f]{64}"\\}';
const bindingText = new RegExp(
  `^\\{"binding":\\{"nonce":"([A-Za-z0-9+/]{1,88}={0,2})","path":\\[(${step}(?:,${step}){0,31})?\\],"root":"([0-9a-f]{64})"\\},`,
);
/** More than the longest text that `bindingText` takes. */
const maximumBindingBytes = 4096;
const quoteKey = '"quote":{"attested":"';
const quoteText =
  /^"quote":\{"attested":"([A-Za-z0-9+/]{1,8192}={0,2})","signature":"([A-Za-z0-9+/]{1,8192}={0,2})"\}/;
/** More than the longest text that `quoteText` takes. */
const maximumQuoteBytes = 17 * 1024;

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
  if (bytes.length > maximumTemplateBytes) return { evidence: parseEvidence(bytes), template };
  const document = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const known = template === null ? null : parseLike(document, template);
  if (known !== null) return { evidence: known, template };
  const evidence = parseEvidence(bytes);
  return { evidence, template: toTemplate(document, evidence) ?? template };
}

/** Templates are kept, one a host; evidence with a large log is not worth it. */
const maximumTemplateBytes = 256 * 1024;

/** Null if anything but binding and quote differs, or either has another form than those that we write. */
function parseLike(document: Buffer, template: EvidenceTemplate): Evidence | null {
  const { bytes, bindingEnd, quoteStart, quoteEnd } = template;
  const end = document.length - (bytes.length - quoteEnd);
  const binding = readBinding(document);
  if (binding === null) return null;
  const start = binding.end + (quoteStart - bindingEnd);
  if (start > end || end - start > maximumQuoteBytes) return null;
  const isLike =
    bytes.compare(document, binding.end, start, bindingEnd, quoteStart) === 0 &&
    bytes.compare(document, end, document.length, quoteEnd, bytes.length) === 0;
  const quote = isLike ? quoteText.exec(document.toString('latin1', start, end)) : null;
  const [all, attested, signature] = quote ?? [];
  if (all?.length !== end - start || attested === undefined || signature === undefined) return null;
  return {
    ...template.evidence,
    binding: parseBinding(binding.document),
    quote: {
      attested: parseBase64(attested, 'evidence.quote.attested', 4096),
      signature: parseBase64(signature, 'evidence.quote.signature', 4096),
    },
  };
}

/** Null if the document has not the form that we write: then each of its kind is parsed whole. */
function toTemplate(document: Buffer, evidence: Evidence): EvidenceTemplate | null {
  const binding = readBinding(document);
  const quoteStart = document.indexOf(quoteKey);
  if (binding === null || quoteStart < binding.end) return null;
  const text = document.toString('latin1', quoteStart, quoteStart + maximumQuoteBytes);
  const [quote] = quoteText.exec(text) ?? [];
  if (quote === undefined) return null;
  // A copy: whoever brought the document may use its memory again.
  const bytes = Buffer.from(document);
  const places = { bindingEnd: binding.end, quoteStart, quoteEnd: quoteStart + quote.length };
  return { bytes, ...places, evidence };
}

/** The binding, if the document begins with it. A byte that is not ASCII is in no binding. */
function readBinding(document: Buffer): { readonly document: BindingDocument; readonly end: number } | null {
  const [all, nonce, path, root] =
    bindingText.exec(document.toString('latin1', 0, maximumBindingBytes)) ?? [];
  if (all === undefined || nonce === undefined || root === undefined) return null;
  return { document: { nonce, path: path === undefined ? [] : stepsOf(path), root }, end: all.length };
}

function stepsOf(path: string): BindingDocument['path'] {
  return [...path.matchAll(/"side":"(left|right)","hash":"([0-9a-f]{64})"/g)].map(([, side, hash = '']) => ({
    side: side === 'left' ? 'left' : 'right',
    hash,
  }));
}
