import { CouldNotDecide } from '../../verifier/bytes/failures.ts';

/** Does `work` when its turn comes. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Lets one piece of work go on at a time, in the order of the calls. A failure does not hold up those that wait.
 *
 * @param maximumWaiting pieces of work that may wait or be going on; a further one is refused with `CouldNotDecide`, so
 *   that whoever asks faster than the answers come cannot fill our memory.
 */
export function createTurnQueue(maximumWaiting: number): TakeTurn {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    if (waiting >= maximumWaiting) throw new CouldNotDecide('too many requests wait for the TPM');
    waiting++;
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting--;
    }
  };
}
