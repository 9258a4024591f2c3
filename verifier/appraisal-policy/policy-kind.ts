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
  return kindOf(bytes, path) === 'AppraisalPolicy' ? 'AppraisalPolicy' : 'ExtensionPolicy';
}

/** Whether a file of tests is about hosts. @throws PolicyInvalid if it is no text at all. */
export function isHostTest(bytes: Uint8Array, path: string): boolean {
  return kindOf(bytes, path) === 'AppraisalPolicyTest';
}

function kindOf(bytes: Uint8Array, path: string): unknown {
  const text = decodePolicyText(bytes, path);
  const parsed = parsePolicyDocument(text, path, { digitKeys: true });
  if ('problems' in parsed) return kindWritten(text);
  const { value } = parsed.document;
  return typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
}

/** Of a text that is no YAML, or has in it what no policy may have. */
function kindWritten(text: string): string | undefined {
  return /^[ {]*"?kind"? *: *"?(\w+)/m.exec(text)?.[1];
}
