import type { ContractSchema } from '../http/contract-page/contract-document.ts';

/** A value that a schema does not admit, and what is wrong with it. */
export interface BadValue {
  readonly what: string;
  readonly value: unknown;
}

/** One of each kind of JSON, and what parsers and prototypes stumble over. */
const strangers: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e300, '', ' ', [], [[]], {}, { length: 1 }, 'constructor'],
];

/** What no pattern of the contract admits, put into a good string. */
const intruders = ['\0', ' ', '\n', '-', '_', '%', '\u2028', 'é', '\ud83d\ude00', '\u202e', '=A', '"'];

const propertyNames = ['more', '__proto__', 'constructor', 'toString', '', 'a'.repeat(300), '$ref', '\0'];

/**
 * Changes of a good value, one at a time, each breaking a rule of its schema: left out, added, of another type, too long,
 * too short, out of pattern.
 */
export function badValues(schema: ContractSchema, good: unknown, path = ''): BadValue[] {
  const { type } = schema;
  const others = strangers
    .filter((value) => kindOf(value) !== type && !isIntegerOf(schema, value))
    .map((value) => ({ what: `${path || 'the value'} is ${JSON.stringify(value)}`, value }));
  if (type === 'object' && isRecord(good)) return [...others, ...badObjects(schema, good, path)];
  if (type === 'string' && typeof good === 'string') return [...others, ...badStrings(schema, good, path)];
  if (type === 'integer') return [...others, ...badIntegers(schema, path)];
  return others;
}

function badObjects(
  { properties, required, additionalProperties }: ContractSchema,
  good: Record<string, unknown>,
  path: string,
): BadValue[] {
  const needed = Array.isArray(required) ? required.map(String) : [];
  const without = (name: string): object =>
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const missing = needed.map((name) => ({ what: `${path} without ${name}`, value: without(name) }));
  const added = additionalProperties === false ? propertyNames : [];
  const more = added.map((name) => ({
    what: `${path} with ${JSON.stringify(name.slice(0, 20))}`,
    // Defined, so that __proto__ becomes a property like any other, as it does in JSON.
    value: Object.defineProperty({ ...good }, name, { value: 1, enumerable: true }),
  }));
  const inside = Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, property]) =>
    isRecord(property)
      ? badValues(property, good[name], `${path}/${name}`).map(({ what, value }) => ({
          what,
          value: { ...good, [name]: value },
        }))
      : [],
  );
  return [...missing, ...more, ...inside];
}

function badStrings(
  { minLength, maxLength, pattern }: ContractSchema,
  good: string,
  path: string,
): BadValue[] {
  const short = typeof minLength === 'number' ? [good.slice(0, minLength - 1)] : [];
  const long =
    typeof maxLength === 'number' ? [maxLength + 1, maxLength * 2].map((size) => 'A'.repeat(size)) : [];
  const broken =
    typeof pattern === 'string'
      ? intruders.flatMap((one) => [one + good.slice(1), good.slice(0, 9) + one + good.slice(10), good + one])
      : [];
  const against = (value: string): boolean =>
    typeof pattern !== 'string' || !new RegExp(pattern, 'u').test(value);
  return [...[...short, ...long], ...broken.filter(against)].map((value) => ({
    what: `${path} is ${JSON.stringify(value.slice(0, 30))} of ${value.length} characters`,
    value,
  }));
}

function badIntegers({ minimum, maximum }: ContractSchema, path: string): BadValue[] {
  const low = typeof minimum === 'number' ? [minimum - 1] : [];
  const high = typeof maximum === 'number' ? [maximum + 1] : [];
  return [...low, ...high, 0.5].map((value) => ({ what: `${path} is ${value.toString()}`, value }));
}

function isIntegerOf(
  { type, minimum = -Infinity, maximum = Infinity }: ContractSchema,
  value: unknown,
): boolean {
  if (type !== 'integer' || typeof value !== 'number' || !Number.isInteger(value)) return false;
  return value >= Number(minimum) && value <= Number(maximum);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object';
}
