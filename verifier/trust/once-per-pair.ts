/**
 * The same function, which computes once for each pair of objects what it gives: of certificates and lists that come from
 * outside, the same two are asked about on every path, for every signer and by every set of anchors.
 */
export function oncePerPair<First extends object, Second extends object, Result>(
  compute: (first: First, second: Second) => Result,
): (first: First, second: Second) => Result {
  const known = new WeakMap<First, WeakMap<Second, { readonly result: Result }>>();
  return (first, second) => {
    const ofFirst = known.get(first) ?? new WeakMap<Second, { readonly result: Result }>();
    const found = ofFirst.get(second) ?? { result: compute(first, second) };
    known.set(first, ofFirst.set(second, found));
    return found.result;
  };
}
