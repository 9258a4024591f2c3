import { Malformed } from '../bytes/failures.ts';
import { reason } from '../reasons.ts';
import {
  type LoadedImage,
  type LoaderCommand,
  type MeasuredContent,
  readCommand,
  toLoadedImage,
  toMeasuredContent,
} from './boot-events.ts';
import { eventType } from './event-types.ts';
import { type FirmwareAction, readAction } from './firmware-action.ts';
import type { FirmwareEvent } from './firmware-log.ts';
import type { BankedLog } from './measured-data.ts';
import { readSecureBoot, type SecureBoot } from './secure-boot.ts';
import { separatedPcrs } from './separators.ts';
import { readUnifiedSections, type UnifiedSection } from './unified-sections.ts';

/**
 * What a firmware log says and a TPM vouches for: digests, and the data that hashes to them. Members that begin with `claimed` or
 * `logged` are the log writer's word, and so is the order of events of different PCRs; nothing may be decided by those. Every event is in
 * one of the lists, or it is a separator or of PCR 7 and read for `secureBoot`.
 */
export interface FirmwareFacts {
  readonly secureBoot: SecureBoot;
  readonly images: readonly LoadedImage[];
  readonly commands: readonly LoaderCommand[];
  readonly actions: readonly FirmwareAction[];
  readonly sections: readonly UnifiedSection[];
  /** Every event from which nothing more than its digest was learned. */
  readonly contents: readonly MeasuredContent[];
}

const imagePcrs: ReadonlySet<number> = new Set([2, 4]);
const secureBootPcr = 7;
const unifiedPcr = 11;

/** Real logs have less than a twentieth of it. Facts are copies, so it also bounds their memory. */
const maximumDataBytes = 8 * 1024 * 1024;

/**
 * Sorts the events of authenticated PCRs into facts.
 *
 * @param byPcr the events that extend each PCR whose value is proved, in order, separators checked.
 * @throws Malformed if there is more event data than any firmware measures.
 */
export function readFacts(
  log: BankedLog,
  byPcr: ReadonlyMap<number, readonly FirmwareEvent[]>,
): FirmwareFacts {
  const dataBytes = [...byPcr.values()].flat().reduce((sum, event) => sum + event.dataBytes, 0);
  if (dataBytes > maximumDataBytes)
    throw new Malformed('firmware log', `has ${dataBytes} bytes of data where ${maximumDataBytes} are read`);
  const unified = readUnifiedSections(log, byPcr.get(unifiedPcr) ?? []);
  const { secureBoot, rest } = secureBootOf(log, byPcr.get(secureBootPcr));
  const unread = new Map([...byPcr, [unifiedPcr, unified.rest], [secureBootPcr, rest]]);
  return { secureBoot, sections: unified.sections, ...sortEvents(log, [...unread.values()].flat()) };
}

function secureBootOf(
  log: BankedLog,
  events: readonly FirmwareEvent[] | undefined,
): ReturnType<typeof readSecureBoot> {
  if (events !== undefined) return readSecureBoot(log, events);
  const message = 'The quote does not cover PCR 7, or the firmware log has no event of it.';
  return { secureBoot: { known: false, reasons: [reason('secure-boot-unclear', message)] }, rest: [] };
}

function sortEvents(
  log: BankedLog,
  events: readonly FirmwareEvent[],
): Pick<FirmwareFacts, 'images' | 'commands' | 'actions' | 'contents'> {
  const images: LoadedImage[] = [];
  const commands: LoaderCommand[] = [];
  const actions: FirmwareAction[] = [];
  const contents: MeasuredContent[] = [];
  for (const event of events) {
    // That each of these is one, and nothing else is, was checked.
    if (separatedPcrs.includes(event.pcr) && event.claimedType === eventType.separator) continue;
    const action = readAction(log, event);
    const command = readCommand(log, event);
    if (action !== null) actions.push(action);
    else if (command !== null) commands.push(command);
    // Whatever its type says: else a retyped image would be none.
    else if (imagePcrs.has(event.pcr)) images.push(toLoadedImage(log, event));
    else contents.push(toMeasuredContent(log, event));
  }
  return { images, commands, actions, contents };
}
