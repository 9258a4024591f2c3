import { CouldNotDecide } from '../verifier/bytes/failures.ts';
import type { Frame } from './frame.ts';

interface Waiting {
  /** Whether the frame was what is waited for. */
  readonly offer: (frame: Frame) => boolean;
  readonly fail: (problem: string) => void;
}

/** Those who wait for frames. A frame that nobody waits for is dropped. */
export class AwaitedFrames {
  readonly #waiting = new Set<Waiting>();
  #end: string | null = null;

  take(frame: Frame): void {
    for (const { offer } of this.#waiting) if (offer(frame)) return;
  }

  /** No more frames will come, for this reason. */
  end(problem: string): void {
    this.#end = problem;
    for (const { fail } of this.#waiting) fail(problem);
  }

  /**
   * What `pick` makes of the first frame of which it makes something.
   *
   * @throws CouldNotDecide, naming `what`, if there is none for so many seconds, or no more frames come.
   */
  next<T>(what: string, seconds: number, pick: (frame: Frame) => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(entry);
      };
      const fail = (problem: string): void => {
        leave();
        reject(new CouldNotDecide(`${what}: ${problem}`));
      };
      const offer = (frame: Frame): boolean => {
        const picked = pick(frame);
        if (picked === null) return false;
        leave();
        resolve(picked);
        return true;
      };
      const entry = { offer, fail };
      const timer = setTimeout(() => fail(`nothing came within ${seconds} s`), seconds * 1000);
      this.#waiting.add(entry);
      if (this.#end !== null) fail(this.#end);
    });
  }
}
