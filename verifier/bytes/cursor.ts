import { Malformed } from './failures.ts';

export type ByteOrder = 'big' | 'little';

/**
 * Reads fixed formats out of untrusted bytes. Every read is bounds-checked against the input and throws `Malformed`
 * with the field's name and its offset; nothing is ever read past the end or copied.
 */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #offset = 0;

  constructor(bytes: Uint8Array, order: ByteOrder) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = order === 'little';
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number, field: string): Uint8Array {
    const start = this.#advance(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  /** Passes over the next `length` bytes. */
  skip(length: number, field: string): void {
    this.#advance(length, field);
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), this.#littleEndian);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), this.#littleEndian);
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field), this.#littleEndian);
  }

  /** An unsigned 64-bit number that must be exact as a JavaScript number; larger ones are malformed for us. */
  u64Number(field: string): number {
    const at = this.#offset;
    const value = this.u64(field);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Malformed(field, `${value.toString()} is out of range`, at);
    return Number(value);
  }

  /** Refuses trailing bytes: what a parser did not read, nobody checked. */
  end(field: string): void {
    if (this.remaining > 0)
      throw new Malformed(field, `has ${this.remaining} bytes after its end`, this.#offset);
  }

  #advance(length: number, field: string): number {
    if (!Number.isSafeInteger(length) || length < 0 || length > this.remaining) {
      throw new Malformed(field, `needs ${length} bytes, ${this.remaining} are left`, this.#offset);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
