import { html, type Html } from './html.ts';

/** A description, in what of CommonMark the contract uses: paragraphs, and `code` between backticks. */
export function proseMarkup(text: string): Html[] {
  return text
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map((paragraph) => html`<p>${lineMarkup(paragraph.trim())}</p>`);
}

/** One line of it. */
export function lineMarkup(text: string): Html[] {
  // Every second piece stood between backticks.
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 0 ? html`${piece}` : html`<code>${piece}</code>`));
}

/** A value as JSON, or as it is if it is text. */
export function exampleMarkup(example: unknown): Html {
  const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2);
  return html`<pre tabindex="0">${text}</pre>`;
}
