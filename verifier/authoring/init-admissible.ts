import type { Hex } from '../bytes/hex.ts';
import type { ImageName } from '../image-verdict.ts';
import type { Certificate } from '../trust/certificate.ts';

/** An image that a policy can admit, and all that it can be told from others by. */
export interface Admissible extends ImageName {
  readonly form: 'ddi' | 'sidecar' | 'bare' | 'directory';
  readonly architecture: string | null;
  /** Of the hash tree; without one, the digest of the file or of the directory's tree. */
  readonly rootHash: Hex;
  readonly hashType: 0 | 1 | null;
  /** Empty where it has none. */
  readonly version: string;
  /** Distinct certificates, in the order of the message; empty: nobody can sign such an image. */
  readonly signers: readonly Certificate[];
}
