/**
 * What a warning is about; stable, like the codes of reasons. A warning is no refusal: it says that somebody meant
 * something that systemd does not do.
 *
 * - `ignored-sidecar`: verity data beside an image that systemd does not look at.
 * - `unsigned-sidecar`: a root hash beside an image without its signature.
 * - `ignored-certificate`: something in a verity.d directory that verifies nothing.
 * - `ignored-image`: something in a search directory that systemd passes over.
 * - `ignored-policy`: an image policy that systemd does not use.
 * - `unsigned-allowed`: an image policy, or none, that lets systemd merge images without a valid signature.
 */
export type WarningCode =
  | 'ignored-sidecar'
  | 'unsigned-sidecar'
  | 'ignored-certificate'
  | 'ignored-image'
  | 'ignored-policy'
  | 'unsigned-allowed';

export interface Warning {
  readonly code: WarningCode;
  /** One or two plain sentences: what systemd does, and what to do about it. */
  readonly message: string;
  /** The file or directory it is about. */
  readonly path: string;
}
