/** A parser, or a pipeline of parsers, that hostile bytes are thrown at. */
export interface Target {
  readonly name: string;
  /** Well-formed and malformed inputs, mostly those of the vectors. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads a mutant. Whatever it throws but a refusal (see `isRefusal`) is a failure.
   *
   * @param seed the number of the seed it was made from.
   * @returns what was accepted, in one line; null if the mutant was refused.
   */
  readonly run: (mutant: Uint8Array, seed: number) => Promise<string | null> | string | null;
  /** What may be accepted: what the seeds mean. Null: anything, where nothing is authenticated. */
  readonly meanings: ReadonlySet<string> | null;
}
