import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';

/** A file to be installed. */
export interface PackagedFile {
  /** Absolute, below the root of the host. */
  readonly path: string;
  readonly content: string;
}

/** Whose a file is that is in the place of one of ours: as we wrote it, changed since, or never ours. */
export type Authorship = 'ours' | 'changed' | 'foreign';

/* The first line, a comment in every format here, has the digest of the rest: no list has to be kept beside the files. */

const mark =
  '# Written by "touchstone install", which leaves it alone once it is changed; sha256 of the rest: ';

/** The text of a file with our mark. */
export function marked(text: string): string {
  return `${mark}${sha256(text)}\n${text}`;
}

/** Looks for the mark. It tells what was written from what was changed by hand, and is no defence against anybody. */
export function authorship(content: string): Authorship {
  if (!content.startsWith(mark)) return 'foreign';
  const end = content.indexOf('\n');
  return end !== -1 && content.slice(mark.length, end) === sha256(content.slice(end + 1))
    ? 'ours'
    : 'changed';
}

function sha256(text: string): string {
  return toHex(digest('sha256', text));
}
