import type { Readable } from 'node:stream';

import { z } from 'zod';

/** What a script said and how it ended. */
export interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  /** Exit status; 143, that of SIGTERM, if it took too long. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line from the guest: an answer, or the announcement that a boot has come to where scripts run. */
export type Frame = Answer | { readonly kind: 'boot'; readonly boot: string };

const base64Text = z.base64().transform((text) => Buffer.from(text, 'base64').toString('utf8'));
const answerShape = z.strictObject({
  id: z.int(),
  status: z.int(),
  stdout: base64Text,
  stderr: base64Text,
});
const bootShape = z.strictObject({ boot: z.uuid() });

/** A line longer than this is not kept; no answer is so long. */
const maximumLineBytes = 64 * 1024 * 1024;

/**
 * Calls `take` for each frame. A line that is none is passed over: a reboot can cut one off at any place, and whoever
 * waits for what it would have been has a deadline.
 */
export function readFrames(stream: Readable, take: (frame: Frame) => void): void {
  let pieces: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const frame = parseFrame(Buffer.concat([...pieces, rest.subarray(0, end)]).toString('latin1'));
      if (frame !== null) take(frame);
      [pieces, length] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    pieces = length > maximumLineBytes ? [] : [...pieces, rest];
  });
}

/** One line, without its end; null if it is not a frame. */
export function parseFrame(line: string): Frame | null {
  const value = parseJson(line);
  const answer = answerShape.safeParse(value);
  if (answer.success) return { kind: 'answer', ...answer.data };
  const boot = bootShape.safeParse(value);
  return boot.success ? { kind: 'boot', boot: boot.data.boot } : null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
