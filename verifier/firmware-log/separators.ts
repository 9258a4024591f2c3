import type { DigestName } from '../bytes/digest.ts';
import { type Reason, reason } from '../reasons.ts';
import { eventType } from './event-types.ts';
import { describeEvent, eventDigest, type FirmwareEvent, type FirmwareLog } from './firmware-log.ts';
import { type KnownEvent, knownEvent } from './known-digests.ts';

/** The PCRs in which a separator ends what the firmware itself measures. */
export const separatedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

const separatorKinds: ReadonlySet<KnownEvent | undefined> = new Set(['zeros', 'ones', 'error']);

/** Whether an event is a separator by its digest. */
export function isSeparator(log: FirmwareLog, event: FirmwareEvent, bank: DigestName): boolean {
  return separatorKinds.has(kindOf(log, event, bank));
}

/**
 * Each of PCRs 0 to 7 has one separator, of zeros or ones (TCG "PC Client Platform Firmware Profile", section 10.4.1). It is known by
 * its digest, so it can neither be retyped away nor be made of another event: either would move the line between what the firmware
 * measured and what was started by it.
 *
 * @param events those that extend the PCR, in order.
 */
export function checkSeparator(
  log: FirmwareLog,
  pcr: number,
  events: readonly FirmwareEvent[],
  bank: DigestName,
): Reason[] {
  const separators = new Set(events.filter((event) => isSeparator(log, event, bank)));
  const retyped = events.find(
    (event) => (event.claimedType === eventType.separator) !== separators.has(event),
  );
  if (retyped !== undefined) {
    const message = `The type of ${describeEvent(retyped)} does not fit its digest: only separators are separators.`;
    return [reason('log-event-retyped', message)];
  }
  const [first, second] = separators;
  if (first === undefined)
    return [reason('separator-invalid', `The firmware log has no separator for PCR ${pcr}.`)];
  if (second !== undefined)
    return [reason('separator-invalid', `PCR ${pcr} has a second separator: ${describeEvent(second)}.`)];
  if (kindOf(log, first, bank) === 'error')
    return [reason('separator-invalid', `The firmware measured an error: ${describeEvent(first)}.`)];
  return [];
}

function kindOf(log: FirmwareLog, event: FirmwareEvent, bank: DigestName): KnownEvent | undefined {
  const measured = eventDigest(log, event, bank);
  return measured === null ? undefined : knownEvent(measured);
}

/**
 * Nothing comes after the firmware's services ended. The order of events of different PCRs is only the log writer's word, so an event
 * after the end is refused rather than passed over: else any event could be moved there, out of sight.
 */
export function checkEnd(log: FirmwareLog, bank: DigestName): Reason[] {
  const end = log.events.findIndex(
    (event) =>
      event.pcr === 5 &&
      event.claimedType !== eventType.noAction &&
      kindOf(log, event, bank) === 'handedOver',
  );
  const late = end === -1 ? undefined : log.events[end + 1];
  if (late === undefined) return [];
  return [
    reason('log-event-late', `The firmware log goes on after ExitBootServices: ${describeEvent(late)}.`),
  ];
}
