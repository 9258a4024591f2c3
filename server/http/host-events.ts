import type { HostState } from '../attester/host-state.ts';
import { judgeMerged } from '../../verifier/measurement/judge-merged.ts';

/** An event as it is streamed (HTML standard, section 9.2). */
export interface StreamedEvent {
  readonly event: string;
  /** Null for what cannot be resumed: the next like it says all again. */
  readonly id: string | null;
  readonly data: object;
}

/** Which event of which boot: the number of those up to it. */
export function eventId(bootId: string, count: number): string {
  return `${bootId}-${count}`;
}

/**
 * How many of this boot's events a client has had, by the last id it was given: none by an id of another boot, or of a log
 * that had more than there are now. To hear something twice is better than not at all.
 */
export function seenEvents(lastId: string, bootId: string, count: number): number {
  const [boot, number] = lastId.split('-');
  const seen = Number(number);
  return boot === bootId && seen <= count ? seen : 0;
}

/** What was measured after the first `seen` events; the single extensions are part of the set that comes after them. */
export function measuredEvents(
  { events }: HostState,
  seen: number,
  bootId: string,
): readonly StreamedEvent[] {
  return events.slice(seen).flatMap((event, index) => {
    if (event.type === 'policy' || event.type === 'extension') return [];
    const { type, ...data } = event;
    return [{ event: type, id: eventId(bootId, seen + index + 1), data }];
  });
}

/** What is merged, by the kernel's word, for each class. */
export function observedEvents({ merged, history }: HostState): readonly StreamedEvent[] {
  return [...merged].map(([extensionClass, state]) => ({
    event: 'observed',
    id: null,
    data:
      state === null
        ? { class: extensionClass, agrees: null, extensions: null }
        : { class: extensionClass, ...judgeMerged(history, extensionClass, state) },
  }));
}

/** The text of an event on the stream. JSON has no line ends of its own, so one line is all of it. */
export function eventText({ event, id, data }: StreamedEvent): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
