import { type Document, isAlias, isMap, isScalar, Lexer, type Node, Parser, visit, type YAMLMap } from 'yaml';

/** What is wrong with a YAML text, and where: an offset in characters. */
export interface YamlProblem {
  readonly message: string;
  readonly offset: number;
}

const maximumDepth = 32; // a policy needs 8
// A policy of a thousand rules has some 40,000. What comes after takes time that grows faster than they do.
const maximumLexemes = 100_000;

/**
 * The first place where collections are nested deeper, or the text is longer, than any policy needs; null if there is none. To be asked before
 * anything is composed: the package recurses into nesting, and where the stack ends inside one of its regular
 * expressions, V8 ends the whole process instead of throwing.
 */
export function findTooDeep(text: string): YamlProblem | null {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > maximumLexemes)
      return { message: 'is longer than any policy needs to be', offset: parser.offset };
    Array.from(parser.next(lexeme));
    if (parser.stack.length > maximumDepth)
      return { message: `is nested deeper than ${maximumDepth} levels`, offset: parser.offset };
  }
  return null;
}

/** Makes text of keys that are written in at most two decimal digits, before anything asks what the keys are: `4` and `"4"` are one. */
export function nameByDigits(yaml: Document.Parsed): void {
  visit(yaml, {
    Pair: (_key, { key }) => {
      const written = isScalar(key) && typeof key.value === 'number' ? (key.source ?? '') : '';
      if (isScalar(key) && /^(?:0|[1-9]\d?)$/.test(written)) key.value = written;
    },
  });
}

/** Everything in a document that could make it say something else than a reader sees. */
export function findForbidden(yaml: Document.Parsed): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  // `%YAML 1.1` turns `yes`, `0o17` and `1:30` into other values; other directives do nothing here.
  if (yaml.directives.yaml.explicit)
    problems.push({ message: '%YAML is not allowed in a policy: it is YAML 1.2', offset: 0 });
  visit(yaml, {
    Node: (_key, node) => {
      const problem = forbiddenNode(node);
      if (problem !== null) problems.push({ message: problem, offset: offsetOf(node) });
      if (isMap(node)) problems.push(...forbiddenKeys(node));
    },
  });
  return problems;
}

function forbiddenNode(node: Node): string | null {
  if (isAlias(node)) return 'aliases are not allowed in a policy; write the value out';
  if (node.anchor !== undefined) return 'anchors are not allowed in a policy';
  return node.tag === undefined ? null : 'tags are not allowed in a policy';
}

function forbiddenKeys(map: YAMLMap): YamlProblem[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const text = isScalar(key) && typeof key.value === 'string' ? key.value : null;
    const problem =
      text === null || text === '__proto__'
        ? 'a key must be plain text'
        : seen.has(text)
          ? `the key ${JSON.stringify(text)} stands here a second time`
          : null;
    if (text !== null) seen.add(text);
    return problem === null ? [] : [{ message: problem, offset: offsetOf(key) }];
  });
}

/** Where a node of the package begins in the text, in characters; 0 for what is none. */
export function offsetOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0;
}
