import type { RequestHandler, Response } from 'express';

import type { Attester } from '../../attester/attester.ts';
import type { HostState } from '../../attester/host-state.ts';
import { bootId } from '../../os/clock.ts';
import { clientName } from '../client-name.ts';
import { exchangeOf } from '../exchange.ts';
import { eventText, measuredEvents, observedEvents, seenEvents, type StreamedEvent } from '../host-events.ts';
import { problems, sendProblem } from '../problems.ts';
import type { StreamPlaces } from '../stream-places.ts';

/** Often enough that neither we nor a proxy take the connection for dead. */
const heartbeatMs = 10_000;

/** A client comes back by itself, and shows its certificate again. */
const longestMs = 3_600_000;

/** A client that reads more slowly than things happen loses the stream, and goes on where it was. */
const maximumUnreadBytes = 256 * 1024;

/**
 * `GET /v1/events`: what is measured and merged, as it happens. After `Last-Event-ID` (or, without it, from now on) every
 * event of the measurement log once, in order; what is merged whenever that changes.
 */
export function getEvents(attester: Attester, places: StreamPlaces): RequestHandler {
  return async (request, response) => {
    const boot = bootId();
    const { events } = await attester.state();
    const lastId = request.get('last-event-id');
    const seen = lastId === undefined ? events.length : seenEvents(lastId, boot, events.length);
    const leave = places.take(clientName(request.socket).certificate);
    if (typeof leave === 'string') {
      sendProblem(response, leave === 'client' ? problems.tooManyRequests : problems.unavailable);
      return;
    }
    const send = openStream(response);
    const unfollow = attester.follow(createTeller(send, seen, boot));
    response.once('close', () => {
      unfollow();
      leave();
    });
  };
}

/** Begins the answer; it ends when the endpoint or the client wants it to, after an hour, or when it is not read. */
function openStream(response: Response): (events: readonly StreamedEvent[]) => void {
  const write = (text: string): void => {
    if (response.writableEnded) return;
    if (response.writableLength > maximumUnreadBytes) response.destroy();
    else response.write(text);
  };
  const end = (): void => void response.end();
  exchangeOf(response).endStream = end;
  const heartbeat = setInterval(write, heartbeatMs, ': still here\n\n');
  const longest = setTimeout(end, longestMs);
  response.once('close', () => {
    clearInterval(heartbeat);
    clearTimeout(longest);
  });
  response.type('text/event-stream');
  write('retry: 2000\n\n');
  return (events) => {
    for (const event of events) write(eventText(event));
  };
}

/** Tells of each measured event once, and of what is merged when it is not what was told last. */
function createTeller(
  send: (events: readonly StreamedEvent[]) => void,
  begin: number,
  boot: string,
): (state: HostState) => void {
  let seen = begin;
  let told = '';
  return (state) => {
    // A log that has become shorter is another one, of which nothing was seen.
    if (state.events.length < seen) seen = 0;
    send(measuredEvents(state, seen, boot));
    seen = state.events.length;
    const observed = observedEvents(state);
    const text = JSON.stringify(observed);
    if (text !== told) send(observed);
    told = text;
  };
}
