import { Document, isCollection, isMap, isNode, isScalar, isSeq, visit } from 'yaml';

import type { DocumentPath } from './document.ts';

/** Words for people, above what is at a path; for the empty path, above everything. */
export interface DocumentComment {
  readonly path: DocumentPath;
  /** May have several lines. */
  readonly text: string;
}

const flowCharacters = 90;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Writes a value as YAML that `parsePolicyDocument` reads back as the same value, whatever text is in it.
 *
 * @param value objects, arrays, strings, numbers and booleans; no key `__proto__`.
 * @param comments whatever text is in them remains comment.
 */
export function writeDocument(value: unknown, comments: readonly DocumentComment[]): string {
  const yaml = new Document(value, { version: '1.2', aliasDuplicateObjects: false });
  for (const { path, text } of comments) addComment(yaml, path, toComment(text));
  visit(yaml, {
    Collection: (_key, node) => {
      node.flow = isShort(node);
    },
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && node.value.search(unprintable) !== -1) node.type = 'QUOTE_DOUBLE';
    },
  });
  const text = yaml.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
  // All of them are in comments or between double quotes, where YAML takes escapes. A character that ends a line for one
  // reader and not for another lets nothing out of a comment then, and nobody sees text run backwards.
  return text
    .split('\n')
    .map((line) => line.replaceAll(unprintable, escape))
    .join('\n');
}

function escape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
}

/** Short lists and mappings of plain values stand in one line, unless there is a comment in them. */
function isShort(collection: unknown): boolean {
  if (!isCollection(collection)) return false;
  const nodes: readonly unknown[] = isMap(collection)
    ? collection.items.flatMap(({ key, value }) => [key, value])
    : collection.items;
  const isPlain = nodes.every((node) => isScalar(node) && node.commentBefore == null);
  return isPlain && JSON.stringify(collection).length <= flowCharacters;
}

function addComment(yaml: Document, path: DocumentPath, comment: string): void {
  const key = path.at(-1);
  if (key === undefined) {
    yaml.commentBefore = comment;
    return;
  }
  const parent: unknown = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true);
  const node = isMap(parent)
    ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key
    : isSeq(parent) && typeof key === 'number'
      ? parent.items[key]
      : undefined;
  if (isNode(node)) node.commentBefore = comment;
}

function toComment(text: string): string {
  return text
    .split('\n')
    .map((line) => ` ${line}`.trimEnd())
    .join('\n');
}
