import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';

import { Malformed } from '../../verifier/bytes/failures.ts';
import { parseShape } from '../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../verifier/bytes/strict-json.ts';
import { isErrno } from './system-failure.ts';

/** How a call ended. Whether it had its effect is said by none but the first two, and by them as the service's word. */
export type VarlinkAnswer =
  | { readonly kind: 'reply'; readonly parameters: Readonly<Record<string, unknown>> }
  /** The service refused, by the name of an error, for example `org.varlink.service.InvalidParameter`. */
  | { readonly kind: 'error'; readonly error: string; readonly parameters: Readonly<Record<string, unknown>> }
  /** There is no answer, or none that is one. */
  | {
      readonly kind: 'lost';
      readonly why: string;
      /**
       * The service hung up: a process that still worked on the call would hold its end of the connection open. While
       * this is false, the call may yet be carried out.
       */
      readonly over: boolean;
    };

/** A connection to a Varlink service. */
export interface VarlinkConnection {
  /** Makes one call and waits for its answer. One at a time; after a lost answer every further one is lost unsent. */
  readonly call: (method: string, parameters: object) => Promise<VarlinkAnswer>;
  readonly close: () => void;
}

/** Bounds of one call. */
export interface VarlinkLimits {
  /** From the call to the end of its answer, however slowly it comes in. */
  readonly timeoutMs: number;
  /** Of one answer; 64 KiB if not given. */
  readonly maximumBytes?: number;
}

const defaultMaximumBytes = 64 * 1024;

type Lost = Extract<VarlinkAnswer, { kind: 'lost' }>;

const hungUp: Lost = { kind: 'lost', why: 'the service hung up', over: true };

function unclear(why: string): Lost {
  return { kind: 'lost', why, over: false };
}

/**
 * Connects to a Varlink service on a socket of the file system. The protocol (https://varlink.org/Method-Call): a JSON
 * object and a NUL for the call, and the same for its answer. Calls that have several answers or none are not made.
 *
 * @returns null if nobody listens there or we are not let in: then nothing was sent.
 */
export function connectVarlink(path: string, limits: VarlinkLimits): Promise<VarlinkConnection | null> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once('error', () => resolve(null));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(converse(socket, limits));
    });
  });
}

function converse(socket: Socket, limits: VarlinkLimits): VarlinkConnection {
  const { timeoutMs, maximumBytes = defaultMaximumBytes } = limits;
  let received: Buffer[] = [];
  let waiting: ((answer: VarlinkAnswer) => void) | null = null;
  let lost: Lost | null = null;
  const lose = (end: Lost): void => {
    lost ??= end;
    socket.destroy();
    waiting?.(lost);
  };
  socket.on('data', (chunk) => {
    received.push(chunk);
    // Words before a question would be taken for its answer.
    if (waiting === null) {
      lose(unclear('the service spoke without being asked'));
      return;
    }
    const answer = takeAnswer(Buffer.concat(received), maximumBytes);
    if (answer?.kind === 'lost') lose(answer);
    else if (answer !== null) {
      received = [];
      waiting(answer);
    }
  });
  socket.on('error', (error) => {
    const over = isErrno(error, 'EPIPE') || isErrno(error, 'ECONNRESET');
    lose(over ? hungUp : unclear(`the connection broke: ${error.message}`));
  });
  socket.on('close', () => lose(hungUp));
  const call = async (method: string, parameters: object): Promise<VarlinkAnswer> => {
    if (lost !== null) return lost;
    const answered = new Promise<VarlinkAnswer>((resolve) => (waiting = resolve));
    const timer = setTimeout(() => lose(unclear(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.write(`${JSON.stringify({ method, parameters })}\0`);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
      waiting = null;
    }
  };
  return { call, close: () => void socket.destroy() };
}

// Strict as sd-varlink itself is with what it receives; "continues" would be the first of several answers.
const answerShape = z.strictObject({
  error: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9.-]{0,254}$/)
    .optional(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  continues: z.literal(false).optional(),
});

/** @returns null if the answer has not come to its end. */
function takeAnswer(bytes: Uint8Array, maximumBytes: number): VarlinkAnswer | null {
  if (bytes.length > maximumBytes)
    return unclear(`the service answered with more than ${maximumBytes} bytes`);
  const end = bytes.indexOf(0);
  if (end === -1) return null;
  return end === bytes.length - 1
    ? parseAnswer(bytes.subarray(0, end))
    : unclear('the service answered more than once');
}

function parseAnswer(bytes: Uint8Array): VarlinkAnswer {
  try {
    const limits = { maximumLength: bytes.length, maximumDepth: 16 };
    const json = parseStrictJson(bytes, 'answer', limits);
    const { error, parameters } = parseShape(answerShape, json, 'answer');
    if (error === undefined) return { kind: 'reply', parameters: parameters ?? {} };
    return { kind: 'error', error, parameters: parameters ?? {} };
  } catch (failure) {
    if (!(failure instanceof Malformed)) throw failure;
    return unclear(`the service did not speak Varlink: ${failure.message}`);
  }
}
