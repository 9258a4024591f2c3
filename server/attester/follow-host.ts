import type { HostState } from './host-state.ts';

/** Hears what a host looks like, first when it begins to listen, and then whenever something has changed. */
export type HostListener = (state: HostState) => void;

/**
 * Looks at the host every so often, for as long as somebody listens.
 *
 * @param read gives the state; while it fails nobody hears anything.
 * @returns begins to listen, and returns what ends it.
 */
export function createHostFollower(
  read: () => Promise<HostState>,
  everyMs: number,
): (listener: HostListener) => () => void {
  const listeners = new Set<HostListener>();
  let last = '';
  let timer: NodeJS.Timeout | null = null;
  let isReading = false;

  const look = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    const state = await read().catch(() => null);
    isReading = false;
    if (state === null) return;
    const now = fingerprint(state);
    if (now === last) return;
    last = now;
    for (const listener of [...listeners]) listener(state);
  };

  return (listener) => {
    listeners.add(listener);
    timer ??= setInterval(() => void look(), everyMs).unref();
    void read().then(
      (state) => {
        if (listeners.has(listener)) listener(state);
      },
      () => undefined,
    );
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    };
  };
}

function fingerprint({ log, merged }: HostState): string {
  const observed = [...merged.values()].map((one) => [one?.mergeId ?? null, one?.problems ?? null]);
  return JSON.stringify([log, observed]);
}
