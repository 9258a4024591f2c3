import { Malformed, Unsupported } from '../../bytes/failures.ts';
import { type ByteSource, readExtent } from '../byte-source.ts';

/** A run of a file's bytes: where it is in the image; null: zeros that are stored nowhere. */
export interface FileRun {
  readonly offset: number | null;
  readonly length: number;
}

/** Refuses a file that is larger than the caller wants, before anything of that size is allocated. */
export function checkFileSize(size: number, maximumBytes: number, what: string): void {
  if (size > maximumBytes) throw new Unsupported(what, `has ${size} bytes, more than ${maximumBytes}`);
}

/** Puts a file together from its runs. @throws Malformed if they do not lie in the image or are not `size` bytes. */
export async function readRuns(
  source: ByteSource,
  runs: readonly FileRun[],
  size: number,
  what: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const { offset, length } of runs) {
    if (length > size - at) throw new Malformed(what, 'has more data than its size');
    // Of nothing, the place says nothing.
    if (offset !== null && length > 0) bytes.set(await readExtent(source, what, { offset, length }), at);
    at += length;
  }
  if (at !== size) throw new Malformed(what, 'has less data than its size');
  return bytes;
}
