/**
 * What a parser throws when the input breaks its format. Pipelines turn it into the refusal `malformed`; it never
 * reaches a user as a stack trace.
 */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly code = 'malformed';
  /** The field at fault in the format's own words, for example `GPT header: partition entry size`. */
  readonly field: string;
  /** Byte offset from the start of the input being parsed, where one is known. */
  readonly offset: number | undefined;

  constructor(field: string, problem: string, offset?: number) {
    super(`${field}: ${problem}${offset === undefined ? '' : ` (at byte ${offset})`}`);
    this.field = field;
    this.offset = offset;
  }
}

/** Well formed, but of a kind Touchstone does not handle. Pipelines turn it into the refusal `unsupported`. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
  readonly code = 'unsupported';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
  }
}

/**
 * No verdict can be given: an I/O error, a missing tool, a TPM that does not answer. Exit status 3; callers treat it
 * as a no.
 */
export class CouldNotDecide extends Error {
  override readonly name = 'CouldNotDecide';
}
