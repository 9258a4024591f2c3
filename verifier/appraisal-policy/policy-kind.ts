import { parsePolicyDocument } from '../policy/document.ts';
import { decodePolicyText } from '../policy/policy-text.ts';

/** Kinds of files that tools for policies take. */
export type PolicyKind = 'ExtensionPolicy' | 'AppraisalPolicy';

/**
 * Which kind of policy a file says it is, so that it is read as such and its problems are told in those words; nothing is trusted by
 * this. What says neither is read as an ExtensionPolicy.
 *
 * @throws PolicyInvalid if it is no text at all.
 */
export function policyKind(bytes: Uint8Array, path: string): PolicyKind {
  const text = decodePolicyText(bytes, path);
  const parsed = parsePolicyDocument(text, path, { digitKeys: true });
  const named = 'document' in parsed ? kindOf(parsed.document.value) : kindWritten(text);
  return named === 'AppraisalPolicy' ? named : 'ExtensionPolicy';
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
}

/** Of a text that is no YAML, or has in it what no policy may have. */
function kindWritten(text: string): string | undefined {
  return /^[ {]*"?kind"? *: *"?(\w+)/m.exec(text)?.[1];
}
