import type { DocumentPath } from '../policy/document.ts';
import type { ReasonCode } from '../reasons.ts';

/** What fails, and by which key of the requirement. */
export interface Objection {
  readonly code: ReasonCode;
  /** One plain sentence. */
  readonly message: string;
  /** Below the requirement. */
  readonly path: DocumentPath;
}

/** Nothing is known of what the requirement asks: this is no word against the host, and no word for it. */
export function unknown(path: DocumentPath, message: string): Objection {
  return { code: 'fact-unknown', message, path };
}

const shown = 3;

/** Some of many, for a sentence: `a, b, c and 4 more`. */
export function listSome(words: readonly string[]): string {
  const more = words.length - shown;
  return `${words.slice(0, shown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
