import { performance } from 'node:perf_hooks';

import { type Output, printable } from './output.ts';

/** A line that tells how far a long piece of work is. */
export interface Progress {
  readonly show: (bytes: number, total: number) => void;
  /** Takes the line away. */
  readonly clear: () => void;
}

const quietMs = 1000;
const intervalMs = 100;
const eraseLine = '\r\u001b[K';

/** Progress on a terminal once the work takes longer than a second; nothing anywhere else. */
export function makeProgress(
  what: string,
  { err, terminal = false }: Output,
  clock = () => performance.now(),
): Progress {
  const start = clock();
  let shown = start + quietMs - intervalMs;
  return {
    show: (bytes, total) => {
      const now = clock();
      if (!terminal || now - shown < intervalMs) return;
      shown = now;
      const rate = bytes / 1024 / 1024 / ((now - start) / 1000);
      err(
        `${eraseLine}${printable(what)}: ${Math.floor((bytes / total) * 100)}% verified, ${rate.toFixed(0)} MiB/s`,
      );
    },
    clear: () => {
      if (shown > start + quietMs - intervalMs) err(eraseLine);
    },
  };
}
