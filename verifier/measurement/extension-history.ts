import { Malformed } from '../bytes/failures.ts';
import type { Hex } from '../bytes/hex.ts';
import { type Reason, reason } from '../reasons.ts';
import { decodeExtensionEvent, type ExtensionEvent, setDigest } from './extension-event.ts';

type EventOf<Type extends ExtensionEvent['type']> = Extract<ExtensionEvent, { type: Type }>;

export type PolicyEvent = EventOf<'policy'>;
export type ExtensionRecord = EventOf<'extension'>;
export type ViolationEvent = EventOf<'violation'>;
export type ExtensionClass = ExtensionRecord['class'];

/** What the log last says of one class. */
export interface MeasuredSet {
  readonly class: ExtensionClass;
  readonly state: 'approved' | 'merged' | 'unmerged';
  readonly policy: PolicyEvent;
  /** In layer order, lowest first. */
  readonly extensions: readonly ExtensionRecord[];
  /** The digest in the set event. */
  readonly sha256: Hex;
}

/** Everything since boot that the extension PCR's events say. */
export interface ExtensionHistory {
  readonly sets: ReadonlyMap<ExtensionClass, MeasuredSet>;
  /** Of each class what was last confirmed as merged and not unmerged since; a set that was approved since may replace it. */
  readonly confirmed: ReadonlyMap<ExtensionClass, readonly ExtensionRecord[]>;
  readonly violations: readonly ViolationEvent[];
}

export type HistoryVerdict =
  | { readonly read: true; readonly history: ExtensionHistory }
  | { readonly read: false; readonly reasons: readonly [Reason] };

/** systemd 261 and newer close the boot phase by this word in PCRs 0-7, 9 and 12-14 (systemd-pcrosseparator.service). */
const systemdWords: ReadonlySet<string> = new Set(['os-separator']);

interface Progress {
  policy: PolicyEvent | null;
  /** Extensions of a set that has not come yet, by name, each with its text. */
  readonly pending: Map<string, { readonly event: ExtensionRecord; readonly line: string }>;
  readonly sets: Map<ExtensionClass, MeasuredSet>;
  readonly confirmed: Map<ExtensionClass, readonly ExtensionRecord[]>;
  readonly violations: ViolationEvent[];
}

/**
 * Reads the events of the extension PCR, oldest first, as the state machine that the host agent is: a policy, the
 * extensions accepted under it, the set they make, then what became of that set. Anything else is refused: an event
 * that nobody here writes could mean anything.
 *
 * @param events the authenticated texts (of a `ReplayedLog`), or a host's own log.
 */
export function readExtensionHistory(events: readonly string[]): HistoryVerdict {
  const progress: Progress = {
    policy: null,
    pending: new Map(),
    sets: new Map(),
    confirmed: new Map(),
    violations: [],
  };
  for (const [index, line] of events.entries()) {
    const problem = systemdWords.has(line) ? null : step(progress, line);
    if (problem !== null) return { read: false, reasons: [describe(problem, index, line)] };
  }
  if (progress.pending.size > 0) {
    return {
      read: false,
      reasons: [reason('log-order-invalid', 'The log ends before the set its last extensions make.')],
    };
  }
  const { sets, confirmed, violations } = progress;
  return { read: true, history: { sets, confirmed, violations } };
}

function describe(problem: string, index: number, line: string): Reason {
  const code = problem === unknownEvent ? 'log-event-unknown' : 'log-order-invalid';
  return reason(
    code,
    `Event ${index + 1} of the extension PCR (${JSON.stringify(line.slice(0, 80))}): ${problem}.`,
  );
}

const unknownEvent = 'is not an event that Touchstone writes';

function step(progress: Progress, line: string): string | null {
  try {
    return apply(progress, decodeExtensionEvent(line), line);
  } catch (error) {
    if (error instanceof Malformed) return unknownEvent;
    throw error;
  }
}

/** Applies one event; answers what is wrong with its place in the log, or null. */
function apply(progress: Progress, event: ExtensionEvent, line: string): string | null {
  const between = progress.pending.size > 0 && event.type !== 'extension' && event.type !== 'set';
  if (between) return 'comes between extensions and the set they make';
  switch (event.type) {
    case 'policy':
      progress.policy = event;
      return null;
    case 'extension':
      return applyExtension(progress, event, line);
    case 'set':
      return applySet(progress, event);
    case 'merged':
      return applyMerged(progress, event);
    case 'unmerged':
      return applyUnmerged(progress, event.class);
    case 'violation':
      progress.violations.push(event);
      return null;
  }
}

function applyExtension(progress: Progress, event: ExtensionRecord, line: string): string | null {
  if (progress.policy === null) return 'no policy was measured before it';
  const [first] = progress.pending.values();
  if (first !== undefined && first.event.class !== event.class) return 'mixes two classes in one set';
  if (progress.pending.has(event.name)) return 'names an extension twice in one set';
  progress.pending.set(event.name, { event, line });
  return null;
}

function applySet(progress: Progress, event: EventOf<'set'>): string | null {
  const pending = [...progress.pending.values()];
  const extensions = pending.map((one) => one.event);
  if (progress.policy === null) return 'no policy was measured before it';
  if (extensions.some((extension) => extension.class !== event.class))
    return 'is not of the class of its extensions';
  if (event.count !== extensions.length)
    return `counts ${event.count} extensions where ${extensions.length} came before it`;
  if (event.sha256 !== setDigest(pending.map(({ line }) => line)))
    return 'is not the digest of its extensions';
  const { policy } = progress;
  progress.sets.set(event.class, {
    class: event.class,
    state: 'approved',
    policy,
    extensions,
    sha256: event.sha256,
  });
  progress.pending.clear();
  return null;
}

function applyMerged(progress: Progress, event: EventOf<'merged'>): string | null {
  const set = progress.sets.get(event.class);
  if (set?.state === 'unmerged' || set?.sha256 !== event.sha256)
    return 'confirms a set that was not the last one approved';
  progress.sets.set(event.class, { ...set, state: 'merged' });
  progress.confirmed.set(event.class, set.extensions);
  return null;
}

function applyUnmerged(progress: Progress, extensionClass: ExtensionClass): string | null {
  const set = progress.sets.get(extensionClass);
  if (set === undefined) return 'nothing of this class was measured before it';
  progress.sets.set(extensionClass, { ...set, state: 'unmerged' });
  progress.confirmed.delete(extensionClass);
  return null;
}
