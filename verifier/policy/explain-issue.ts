import type { z } from 'zod';

import { type DocumentPath, maximumProblems, type PolicyDocument, type PolicyProblem } from './document.ts';
import { knownKeys } from './known-keys.ts';
import { extensionPolicyJsonSchema } from './schema.ts';
import { suggestion } from './suggestion.ts';

/**
 * What does not fit the schema, in words and with its place; a problem of its own for each unknown key.
 *
 * @param jsonSchema gives the schema as JSON Schema, for the keys that would have been known.
 */
export function explainIssue(
  issue: z.core.$ZodIssue,
  document: PolicyDocument,
  jsonSchema: () => unknown = extensionPolicyJsonSchema,
): readonly PolicyProblem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, jsonSchema());
    return issue.keys.slice(0, maximumProblems).map((key) => ({
      message: `${prefix(path)}unknown key ${JSON.stringify(key.slice(0, 64))}${suggestion(key, known)}`,
      at: document.atKey(path, key),
    }));
  }
  if (issue.code === 'invalid_key') {
    const [above, key] = [path.slice(0, -1), String(path.at(-1))];
    const why = issue.issues[0]?.message ?? 'does not fit';
    const message = `${prefix(above)}the name ${JSON.stringify(key.slice(0, 64))} ${why}`;
    return [{ message, at: document.atKey(above, key) }];
  }
  return [{ message: `${prefix(path)}${explain(issue, document)}`, at: document.at(path) }];
}

function prefix(path: DocumentPath): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}

function explain(issue: z.core.$ZodIssue, document: PolicyDocument): string {
  if (issue.path.length > 0 && !document.has(issue.path)) return 'is missing';
  // A name or a digest of digits alone is a number to YAML.
  const isUnquoted = issue.code === 'invalid_type' && issue.expected === 'string';
  return isUnquoted ? `${issue.message}; put it in quotes` : issue.message;
}
