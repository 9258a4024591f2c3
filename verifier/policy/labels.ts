import { z } from 'zod';

import { parsePolicyDocument } from './document.ts';
import { explainIssue } from './explain-issue.ts';
import { decodePolicyText, PolicyInvalid } from './policy-text.ts';
import { labelWord } from './schema-words.ts';

const labelsSchema = z
  .record(labelWord, labelWord)
  .refine((labels) => Object.keys(labels).length <= 100, 'are more than 100 labels');

/**
 * Parses the labels of a host: a YAML or JSON mapping of words to words, `env: staging`. Rules of a policy can be about hosts
 * with certain labels.
 *
 * @param path as places and messages name it.
 * @throws PolicyInvalid with the problems found.
 */
export function parseLabels(text: Uint8Array, path: string): ReadonlyMap<string, string> {
  const parsed = parsePolicyDocument(decodePolicyText(text, path), path);
  if ('problems' in parsed) throw new PolicyInvalid(parsed.problems);
  const { document } = parsed;
  const result = labelsSchema.safeParse(document.value);
  if (result.success) return new Map(Object.entries(result.data));
  throw new PolicyInvalid(result.error.issues.flatMap((issue) => explainIssue(issue, document)));
}
