import { type ContractSchema, nameIn } from '../../http/contract-page/contract-document.ts';

/** The TypeScript type of the values that a schema of the contract admits; what types cannot say is left out. */
export function schemaType(schema: ContractSchema): string {
  const { $ref: reference, const: value, enum: values, oneOf, type } = schema;
  if (typeof reference === 'string') return nameIn(reference);
  if (value !== undefined) return JSON.stringify(value);
  if (Array.isArray(values)) return values.map((one) => JSON.stringify(one)).join(' | ');
  if (Array.isArray(oneOf)) return oneOf.filter(isSchema).map(schemaType).join(' | ');
  if (Array.isArray(type)) return type.map((one) => namedType(String(one), schema)).join(' | ');
  return namedType(String(type), schema);
}

function namedType(type: string, schema: ContractSchema): string {
  if (type === 'object') return objectType(schema);
  if (type === 'array') {
    const { items } = schema;
    return `readonly (${isSchema(items) ? schemaType(items) : 'unknown'})[]`;
  }
  if (type === 'integer') return 'number';
  return ['string', 'number', 'boolean', 'null'].includes(type) ? type : 'unknown';
}

function objectType({ properties, required, additionalProperties }: ContractSchema): string {
  if (!isSchema(properties))
    return `Readonly<Record<string, ${isSchema(additionalProperties) ? schemaType(additionalProperties) : 'unknown'}>>`;
  const needed = Array.isArray(required) ? required : [];
  const members = Object.entries(properties).map(([name, property]) => {
    const mark = needed.includes(name) ? '' : '?';
    return `readonly ${JSON.stringify(name)}${mark}: ${isSchema(property) ? schemaType(property) : 'unknown'};`;
  });
  return `{ ${members.join(' ')} }`;
}

function isSchema(value: unknown): value is ContractSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
