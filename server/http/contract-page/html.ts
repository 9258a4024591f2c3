/** Text that is HTML already; made by `html` alone, so that nothing of a document reaches a page unescaped. */
export class Html {
  readonly #text: string;

  constructor(parts: TemplateStringsArray, values: readonly HtmlValue[]) {
    this.#text = parts.map((part, index) => part + toText(values[index] ?? '')).join('');
  }

  toString(): string {
    return this.#text;
  }
}

type HtmlValue = string | number | Html | readonly Html[];

/** HTML with values in it: strings are escaped, for text and for quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts, values);
}

function toText(value: HtmlValue): string {
  if (typeof value === 'number' || value instanceof Html) return String(value);
  if (typeof value !== 'string') return value.map((one) => one.toString()).join('');
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
