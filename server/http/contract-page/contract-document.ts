import { parse } from 'yaml';
import { z } from 'zod';

import { Malformed } from '../../../verifier/bytes/failures.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';

const reference = z.strictObject({ $ref: z.string() });
const schema = z.record(z.string(), z.unknown());
const named = z.strictObject({ summary: z.string().optional(), value: z.unknown() });
const body = z.strictObject({
  ...{ schema, example: z.unknown().optional() },
  examples: z.record(z.string(), named).optional(),
});
const bodies = z.record(z.string(), body);
const header = z.strictObject({ description: z.string(), required: z.boolean().optional(), schema });
const parameter = z.strictObject({
  ...{ name: z.string(), in: z.enum(['query', 'header', 'path']), schema },
  ...{ required: z.boolean().optional(), description: z.string(), example: z.unknown().optional() },
});
const response = z.strictObject({
  description: z.string(),
  headers: z.record(z.string(), z.union([reference, header])).optional(),
  content: bodies.optional(),
});
const operation = z.strictObject({
  ...{ operationId: z.string(), tags: z.array(z.string()), summary: z.string() },
  description: z.string().optional(),
  parameters: z.array(z.union([reference, parameter])).optional(),
  requestBody: z
    .strictObject({ required: z.boolean().optional(), description: z.string().optional(), content: bodies })
    .optional(),
  responses: z.record(z.string(), z.union([reference, response])),
});
const contract = z.strictObject({
  openapi: z.string(),
  info: z.strictObject({
    ...{ title: z.string(), version: z.string(), summary: z.string(), description: z.string() },
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string(), description: z.string() })),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), z.strictObject({ type: z.string(), description: z.string() })),
    headers: z.record(z.string(), header),
    parameters: z.record(z.string(), parameter).optional(),
    schemas: z.record(z.string(), schema),
    responses: z.record(z.string(), response),
  }),
});

/** openapi.yaml, as far as a page of it needs to know; schemas are as they stand there. */
export type ContractDocument = z.infer<typeof contract>;
export type ContractSchema = z.infer<typeof schema>;
export type ContractHeader = z.infer<typeof header>;
export type ContractParameter = z.infer<typeof parameter>;
export type ContractResponse = z.infer<typeof response>;
export type ContractOperation = z.infer<typeof operation>;
export type ContractBodies = z.infer<typeof bodies>;

/** Every example of a body, with what it is an example of; empty where the contract does not say. */
export function examplesOf({
  example,
  examples = {},
}: z.infer<typeof body>): readonly z.infer<typeof named>[] {
  return [...(example === undefined ? [] : [{ value: example }]), ...Object.values(examples)];
}

/** A part that stands here, or under a name among the components. */
type Part<T> = T | z.infer<typeof reference>;

/**
 * Reads openapi.yaml. What it does not know is an error and not left out, so a page of it never says less than the contract.
 *
 * @throws Malformed
 */
export function parseContract(text: string): ContractDocument {
  return parseShape(contract, parse(text), 'openapi.yaml');
}

/** The part itself, and the name that the components have it under; null if it stands where it is used. @throws Malformed */
export function follow<T extends object>(
  part: Part<T>,
  components: Readonly<Record<string, T>>,
): { readonly part: T; readonly name: string | null } {
  if (!isReference(part)) return { part, name: null };
  const name = nameIn(part.$ref);
  const found = components[name];
  if (found === undefined) throw new Malformed('openapi.yaml', `refers to ${name}, which is not there`);
  return { part: found, name };
}

/** The last word of a reference. */
export function nameIn(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

function isReference(part: object): part is z.infer<typeof reference> {
  return '$ref' in part;
}
