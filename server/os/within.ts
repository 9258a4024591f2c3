import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** What was waited for has not answered in time. */
export class Hanging extends CouldNotDecide {}

let givenUp = 0;

/**
 * Whether something that was given up goes on still. A process does not end before it does, not even by process.exit(), which waits
 * for the threads that hang: only SIGKILL ends it.
 */
export function isHanging(): boolean {
  return givenUp > 0;
}

/**
 * Waits for `work` so long and no longer. What runs on is left alone: where the kernel hangs there is no way to end it.
 *
 * @param failure the sentence, without its full stop, for when it takes longer.
 * @throws Hanging if it takes longer; what `work` throws.
 */
export async function within<T>(ms: number, failure: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      givenUp++;
      void work.catch(() => undefined).finally(() => givenUp--);
      reject(new Hanging(failure));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
