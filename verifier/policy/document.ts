import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';

import { findForbidden, findTooDeep, nameByDigits, offsetOf } from './yaml-limits.ts';

/** A place in a policy file and what is wrong there. */
export interface PolicyProblem {
  readonly message: string;
  /** `file:line:column`, both from 1. */
  readonly at: string;
}

/** More than a person reads at once. What comes after is not reported, so that finding it costs nothing. */
export const maximumProblems = 100;

/** A path into a document, as zod and yaml have it. */
export type DocumentPath = readonly PropertyKey[];

/** A parsed YAML (or JSON) file that can say where each of its values stands. */
export interface PolicyDocument {
  readonly value: unknown;
  /** Whether anything is written at a path, be it `null`. */
  readonly has: (path: DocumentPath) => boolean;
  /** The place of the value at a path, or of the nearest that exists above it. */
  readonly at: (path: DocumentPath) => string;
  /** The place of a key of the mapping at a path. */
  readonly atKey: (path: DocumentPath, key: string) => string;
}

/**
 * Parses YAML 1.2 with its core schema, of which JSON is a part. Strict: one document, no duplicate keys, no directives,
 * no aliases (one text could say less than it means), no tags, no key but plain text, no deep nesting.
 *
 * @param file the file's name in places.
 * @param digitKeys keys written in digits are text, as the numbers of PCRs; else they are refused, as other numbers are in any case.
 */
export function parsePolicyDocument(
  text: string,
  file: string,
  { digitKeys = false }: { readonly digitKeys?: boolean } = {},
): { readonly document: PolicyDocument } | { readonly problems: readonly PolicyProblem[] } {
  const lines = countLines(text);
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const tooDeep = findTooDeep(text);
  if (tooDeep !== null) return { problems: [{ message: tooDeep.message, at: place(tooDeep.offset) }] };
  // Duplicate keys are found afterwards: the package compares each key with each.
  const yaml = parseDocument(text, { version: '1.2', strict: true, uniqueKeys: false, merge: false });
  if (digitKeys) nameByDigits(yaml);
  const complaints = [...yaml.errors, ...yaml.warnings].map(({ message, pos }) => ({
    message: message.split('\n')[0]?.replace(/ at line .*$/, '') ?? '',
    offset: pos[0],
  }));
  const problems = [...complaints, ...findForbidden(yaml)];
  if (problems.length > 0)
    return { problems: problems.map(({ message, offset }) => ({ message, at: place(offset) })) };
  return {
    document: {
      value: yaml.toJS({ maxAliasCount: 0 }) as unknown,
      has: (path) => yaml.hasIn(path),
      at: (path) => place(offsetOf(nearest(yaml, path))),
      atKey: (path, key) => place(offsetOf(keyNode(nearest(yaml, path), key))),
    },
  };
}

function countLines(text: string): LineCounter {
  const lines = new LineCounter();
  for (let start = 0; start !== -1; start = text.indexOf('\n', start) + 1 || -1) lines.addNewLine(start);
  return lines;
}

function nearest(yaml: ReturnType<typeof parseDocument>, path: DocumentPath): unknown {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = yaml.getIn(path.slice(0, length), true);
    if (node !== undefined) return node;
  }
  return yaml.contents;
}

function keyNode(map: unknown, key: string): unknown {
  if (!isMap(map)) return undefined;
  return map.items.find(({ key: node }) => isScalar(node) && node.value === key)?.key;
}
