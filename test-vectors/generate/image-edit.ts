import { repairGpt, sealGptCopy } from './gpt-writer.ts';

/** A case that differs from one that is accepted by one edit. */
export interface ImageEdit {
  readonly id: string;
  readonly comment: string;
  readonly flags: readonly string[];
  /** Identifier of the other case. */
  readonly from: string;
  /** Gives the edited image; the bytes are a copy. CRCs are right unless they are what the case is about. */
  readonly edit: (bytes: Buffer) => Buffer;
  /** Null if the image is accepted as the other one is. */
  readonly refused: {
    readonly code: 'malformed' | 'unsupported' | 'data-corrupt' | 'root-hash-mismatch' | 'unsigned';
    readonly stage: 'open' | 'tree';
  } | null;
}

/** Bytes of a sector of all images that are edited but one. */
export const sector = 512;
/** Where an entry of the partition table is, and a field in it. */
export const entry = (number: number, field = 0): number => 2 * sector + (number - 1) * 128 + field;
/** Where a partition is. */
export const startOf = (bytes: Buffer, number: number): number =>
  Number(bytes.readBigUInt64LE(entry(number, 32))) * sector;

/** An edit within the partition table, whose CRCs and backup are made right again. */
export const table =
  (edit: (bytes: Buffer) => unknown) =>
  (bytes: Buffer): Buffer => {
    edit(bytes);
    repairGpt(bytes);
    return bytes;
  };

/** An edit of one copy of the table, whose CRCs are made right again while the other copy stays as it is. */
export const copyOf = (which: 'primary' | 'backup', edit: (header: Buffer, bytes: Buffer) => unknown) =>
  inPlace((bytes) => {
    const lba = which === 'primary' ? 1 : bytes.length / sector - 1;
    edit(bytes.subarray(lba * sector, (lba + 1) * sector), bytes);
    sealGptCopy(bytes, lba);
  });

/** An edit of the superblock of the hash tree, which is partition 2. */
export const superblock = (edit: (superblock: Buffer) => unknown) =>
  inPlace((bytes) => edit(bytes.subarray(startOf(bytes, 2), startOf(bytes, 2) + sector)));

/** An edit of bytes that stay where they are. */
export const inPlace =
  (edit: (bytes: Buffer) => unknown) =>
  (bytes: Buffer): Buffer => {
    edit(bytes);
    return bytes;
  };

/** Another text in the signature partition; the rest of it is zeros. */
export const signature = (change: (text: string) => string | Buffer) =>
  inPlace((bytes) => {
    const start = startOf(bytes, 3);
    const text = bytes.toString('utf8', start, bytes.indexOf(0, start));
    bytes.fill(0, start, start + 16_384);
    bytes.set(Buffer.from(change(text)), start);
  });

/** Flips one bit. */
export const flip = (bytes: Buffer, at: number): void => void bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);

/** What refused cases have in common, and those that are accepted. */
export const open = { from: 'sysext-x86-64-rsa', refused: { code: 'malformed', stage: 'open' } } as const;
export const unsupported = { ...open, refused: { code: 'unsupported', stage: 'open' } } as const;
export const tree = { from: 'sysext-two-levels', refused: { code: 'data-corrupt', stage: 'tree' } } as const;
export const identity = { ...tree, refused: { code: 'root-hash-mismatch', stage: 'tree' } } as const;
export const fine = { from: 'sysext-x86-64-rsa', refused: null } as const;
