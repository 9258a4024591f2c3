import type { DigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { extendPcr, initialPcr } from '../tpm/pcr.ts';
import { eventType } from './event-types.ts';
import {
  describeEvent,
  eventData,
  eventDigest,
  type FirmwareEvent,
  type FirmwareLog,
} from './firmware-log.ts';

const localitySignature = 'StartupLocality\0';

/** Which events of a log extend a PCR, by PCR, in their order. EV_NO_ACTION never does, whatever its digests are. */
export function extendingEvents(log: FirmwareLog): ReadonlyMap<number, readonly FirmwareEvent[]> {
  const byPcr = new Map<number, FirmwareEvent[]>();
  for (const event of log.events) {
    if (event.claimedType === eventType.noAction) continue;
    const own = byPcr.get(event.pcr);
    if (own === undefined) byPcr.set(event.pcr, [event]);
    else own.push(event);
  }
  return byPcr;
}

/**
 * The locality at which the TPM was started, which is what PCR 0 holds before the first event: 0 unless an EV_NO_ACTION event
 * "StartupLocality" says 3, or 4 for an H-CRTM (TCG "PC Client Platform Firmware Profile", section 10.4.5.3).
 *
 * @throws Malformed if the log says it twice, after something was measured into PCR 0, or of a locality that cannot start a TPM.
 */
export function startupLocality(log: FirmwareLog): number {
  let locality: number | null = null;
  let extended = false;
  for (const event of log.events) {
    if (event.claimedType !== eventType.noAction) extended ||= event.pcr === 0;
    else if (isStartupLocality(log, event)) {
      const said = eventData(log, event)[localitySignature.length] ?? 0;
      if (locality !== null || extended || ![0, 3, 4].includes(said))
        throw new Malformed(describeEvent(event), `cannot say that the TPM was started at locality ${said}`);
      locality = said;
    }
  }
  return locality ?? 0;
}

function isStartupLocality(log: FirmwareLog, event: FirmwareEvent): boolean {
  const data = eventData(log, event);
  return (
    event.pcr === 0 &&
    data.length === localitySignature.length + 1 &&
    Buffer.from(data.subarray(0, localitySignature.length)).toString('latin1') === localitySignature
  );
}

/** What a PCR holds before the first event of the log. */
export function startValue(bank: DigestName, pcr: number, locality: number): Uint8Array {
  const value = initialPcr(bank);
  if (pcr === 0) value[value.length - 1] = locality;
  return value;
}

/**
 * What the events make of each PCR that they extend.
 *
 * @throws Malformed if an event has no digest of the bank, or what `startupLocality` throws.
 */
export function replayFirmwareLog(log: FirmwareLog, bank: DigestName): ReadonlyMap<number, Uint8Array> {
  const locality = startupLocality(log);
  return new Map(
    [...extendingEvents(log)].map(([pcr, events]) => [
      pcr,
      events.reduce(
        (value, event) => extendPcr(bank, value, requiredDigest(log, event, bank)),
        startValue(bank, pcr, locality),
      ),
    ]),
  );
}

/** @throws Malformed naming the event. */
export function requiredDigest(log: FirmwareLog, event: FirmwareEvent, bank: DigestName): Uint8Array {
  const measured = eventDigest(log, event, bank);
  if (measured === null) throw new Malformed(describeEvent(event), `has no ${bank} digest`);
  return measured;
}
