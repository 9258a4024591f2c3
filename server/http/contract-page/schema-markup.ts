import { type ContractSchema, nameIn } from './contract-document.ts';
import { html, type Html } from './html.ts';
import { lineMarkup } from './text-markup.ts';

/** What of a schema has a way of its own to be shown; every other keyword is shown with its value. */
const shown = new Set([
  ...['type', 'description', '$ref', 'properties', 'required', 'additionalProperties', 'items', 'oneOf'],
  ...['anyOf', 'allOf', 'enum', 'const'],
]);

/** A schema: what it is in a line, and for objects a list of their properties. */
export function schemaMarkup(schema: ContractSchema): Html {
  const { description } = schema;
  return html`<p>${typeLine(schema)}</p>
    ${typeof description === 'string' ? html`<p>${lineMarkup(description)}</p>` : ''}${insideMarkup(schema)}`;
}

/** Where a schema of the components stands on the page. */
export function schemaLink(name: string): Html {
  return html`<a href="#schema-${name}">${name}</a>`;
}

function typeLine(schema: ContractSchema): Html[] {
  const { $ref: reference, type, enum: values, const: value, oneOf, anyOf, allOf } = schema;
  const words: Html[] = [];
  if (typeof reference === 'string') words.push(schemaLink(nameIn(reference)));
  if (typeof type === 'string') words.push(html`${type}`);
  if (Array.isArray(type)) words.push(html`${type.map(String).join(' or ')}`);
  if (isSchema(schema['items']) && !hasInside(schema['items']))
    words.push(html`of ${typeLine(schema['items'])}`);
  if (Array.isArray(values)) words.push(html`one of ${joined(values.map(valueMarkup), ', ')}`);
  if (value !== undefined) words.push(valueMarkup(value));
  for (const [word, all] of [
    ['either', oneOf],
    ['any of', anyOf],
    ['all of', allOf],
  ] as const)
    if (Array.isArray(all)) words.push(html`${word} ${joined(all.filter(isSchema).map(oneLine), ' or ')}`);
  return [html`<span class="type">${joined(words, ' ')}</span>`, ...limits(schema)];
}

const oneLine = (schema: ContractSchema): Html => html`${typeLine(schema)}`;

const valueMarkup = (value: unknown): Html => html`<code>${JSON.stringify(value)}</code>`;

function limits(schema: ContractSchema): Html[] {
  return Object.entries(schema)
    .filter(([keyword]) => !shown.has(keyword))
    .map(([keyword, value]) => html`, ${keyword} ${valueMarkup(value)}`);
}

function insideMarkup(schema: ContractSchema): Html {
  const { properties, additionalProperties, items, oneOf, anyOf, allOf } = schema;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const inside: Html[] = isSchema(properties)
    ? Object.entries(properties)
        .filter((property): property is [string, ContractSchema] => isSchema(property[1]))
        .map(
          ([name, one]) =>
            html`<dt><code>${name}</code>${required.includes(name) ? '' : ' (optional)'}</dt>
              <dd>${schemaMarkup(one)}</dd> `,
        )
    : [];
  if (isSchema(additionalProperties))
    inside.push(
      html`<dt>each other name</dt>
        <dd>${schemaMarkup(additionalProperties)}</dd> `,
    );
  if (isSchema(items) && hasInside(items))
    inside.push(
      html`<dt>each item</dt>
        <dd>${schemaMarkup(items)}</dd> `,
    );
  const alternatives = [oneOf, anyOf, allOf].flatMap((all) =>
    Array.isArray(all) ? all.filter(isSchema) : [],
  );
  const open = alternatives.filter(hasInside).map(insideMarkup);
  return inside.length === 0
    ? html`${open}`
    : html`<dl>${inside}</dl>
        ${open}`;
}

function hasInside({ properties, items, additionalProperties, description }: ContractSchema): boolean {
  return [properties, items, additionalProperties].some(isSchema) || typeof description === 'string';
}

function isSchema(value: unknown): value is ContractSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function joined(parts: readonly Html[], between: string): Html[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [html`${between}`, part]));
}
