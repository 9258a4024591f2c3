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
      err(`${eraseLine}${printable(what)}: ${howFar(bytes, total)} verified, ${rate.toFixed(0)} MiB/s`);
    },
    clear: () => {
      if (shown > start + quietMs - intervalMs) err(eraseLine);
    },
  };
}

const barWidth = 24;

/** Of a directory nobody knows beforehand how much there is. */
function howFar(bytes: number, total: number): string {
  if (total === 0) return `${Math.floor(bytes / 1024 / 1024)} MiB`;
  return `${bar(bytes / total)} ${Math.floor((bytes / total) * 100)}%`;
}

function bar(done: number): string {
  const full = Math.min(barWidth, Math.floor(done * barWidth));
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}
