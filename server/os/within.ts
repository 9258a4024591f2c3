import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/**
 * Waits for `work` so long and no longer. What runs on is left alone: where the kernel hangs there is no way to end it.
 *
 * @param failure the sentence, without its full stop, for when it takes longer.
 * @throws CouldNotDecide if it takes longer; what `work` throws.
 */
export async function within<T>(ms: number, failure: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new CouldNotDecide(failure));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
