/**
 * Does `work` at most once in a while, and once at a time, whoever asks; in between everybody gets what it gave. What
 * failed is not remembered.
 *
 * @param ms how long an answer is good for, from when it was there.
 */
export function remembered<T>(ms: number, work: () => Promise<T>): () => Promise<T> {
  let last: { readonly value: T; readonly at: number } | null = null;
  let running: Promise<T> | null = null;
  return () => {
    if (last !== null && performance.now() - last.at < ms) return Promise.resolve(last.value);
    running ??= work()
      .then((value) => {
        last = { value, at: performance.now() };
        return value;
      })
      .finally(() => {
        running = null;
      });
    return running;
  };
}
