import { createHash, type Hash } from 'node:crypto';

import type { Branded } from '../bytes/branded.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import { reason } from '../reasons.ts';
import { type ByteSource, checkInside, readExtent } from './byte-source.ts';
import { CorruptData } from './verified-source.ts';

/** SHA-256 over a whole file, as `sha256sum` prints it: what identifies an image that has no dm-verity data. */
export type FileDigest = Branded<{ readonly sha256: Hex; readonly bytes: number }, 'FileDigest'>;

/** A digest of a file, and the file as it was when it was digested. */
export interface DigestedFile {
  readonly digest: FileDigest;
  /** The same bytes again: a read of what has changed meanwhile throws `CorruptData`. */
  readonly data: ByteSource;
}

const readSize = 1024 * 1024;

/**
 * Digests every byte of a source, in memory that grows by one hash state for each MiB.
 *
 * It is the digest of what was read. Nothing checks a bare file system again when it is mounted: whoever may write to the
 * file can change it afterwards, so it has to be a copy that nobody else can write.
 *
 * @param onProgress called with the number of bytes digested so far.
 * @throws CouldNotDecide if the source cannot be read.
 */
export async function digestFile(
  source: ByteSource,
  onProgress?: (bytes: number) => void,
): Promise<DigestedFile> {
  const hash = createHash('sha256');
  const states = [hash.copy()];
  let piece = await readPiece(source, 0);
  for (let offset = 0; piece.length > 0;) {
    // The next piece is read while this one is hashed.
    const next = readPiece(source, offset + piece.length);
    hash.update(piece);
    states.push(hash.copy());
    offset += piece.length;
    piece = await next;
    onProgress?.(offset);
  }
  const digest = { sha256: toHex(hash.digest()), bytes: source.size } as FileDigest;
  return { digest, data: new DigestedData(source, states) };
}

/**
 * Each piece that is read again is hashed again, from the state that the hash had before it the first time, and has to lead to
 * the state after it. So no second digest of the file is needed, and nobody can swap it in between.
 */
class DigestedData implements ByteSource {
  readonly size: number;
  readonly #source: ByteSource;
  /** Before each piece, and at the end. */
  readonly #states: readonly Hash[];
  #kept: { readonly index: number; readonly piece: Uint8Array } | null = null;

  constructor(source: ByteSource, states: readonly Hash[]) {
    this.size = source.size;
    this.#source = source;
    this.#states = states;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkInside(this, 'file', { offset, length });
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const index = Math.floor((offset + at) / readSize);
      const piece = await this.#piece(index);
      const part = piece.subarray(offset + at - index * readSize).subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  async #piece(index: number): Promise<Uint8Array> {
    if (this.#kept?.index === index) return this.#kept.piece;
    const [before, after] = this.#states.slice(index, index + 2);
    const piece = await readPiece(this.#source, index * readSize);
    const found = before?.copy().update(piece).digest();
    if (after === undefined || found?.equals(after.copy().digest()) !== true) {
      const message = `The file changed after it was digested (between byte ${index * readSize} and ${index * readSize + piece.length}).`;
      throw new CorruptData(reason('data-corrupt', message));
    }
    this.#kept = { index, piece };
    return piece;
  }
}

/** Nothing at the end. */
function readPiece(source: ByteSource, offset: number): Promise<Uint8Array> {
  const length = Math.min(readSize, source.size - offset);
  return readExtent(source, 'file', { offset, length });
}
