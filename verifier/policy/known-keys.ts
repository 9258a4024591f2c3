/** The keys that a JSON Schema knows for the mapping at a path of a file; none if there is no such mapping. */
export function knownKeys(path: readonly PropertyKey[], jsonSchema: unknown): readonly string[] {
  let schema = jsonSchema;
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
