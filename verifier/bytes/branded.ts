declare const brand: unique symbol;

/**
 * A `T` that only one function of the code base may produce. The brand exists in the type system alone; it is how
 * "parsed" and "verified" become different types (for example `Hex`, `SignedRootHash`, `QuotedPcrs`).
 */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };
