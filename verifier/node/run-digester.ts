import type { BlockRun, DigestedBlocks } from '../image/byte-source.ts';

/**
 * Digests blocks of an open file faster than the main thread could: the port behind which the addon and the worker threads
 * stand.
 *
 * `file` is a file descriptor that stays open until the promise is settled. A promise that is rejected has an error with
 * a `code`: that of an I/O error, or `ERR_FILE_ENDED` where the file has become shorter.
 */
export interface RunDigester {
  digest(file: number, run: BlockRun): Promise<DigestedBlocks>;
  /** Ends what was started for it. No digest is outstanding then. */
  close(): Promise<void>;
}

/** The file has become shorter while it was read. */
export const fileEnded = 'ERR_FILE_ENDED';

/** Why a file could not be read, as worker threads report it. */
export class DigestFailure extends Error {
  override readonly name = 'DigestFailure';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
