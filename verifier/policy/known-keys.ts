import { extensionPolicyJsonSchema } from './schema.ts';

/** The keys that the schema knows for the mapping at a path of a policy file; none if there is no such mapping. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = extensionPolicyJsonSchema();
  for (const part of path) {
    schema =
      typeof part === 'number'
        ? member(schema, 'items')
        : (member(member(schema, 'properties'), part) ?? member(schema, 'additionalProperties'));
  }
  const properties = member(schema, 'properties');
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
