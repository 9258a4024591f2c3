import { utf8Text } from './efi-text.ts';
import { eventType } from './event-types.ts';
import type { FirmwareEvent } from './firmware-log.ts';
import { type BankedLog, measuredPart } from './measured-data.ts';

/** An action of the firmware, such as `Calling EFI Application from Boot Option`. */
export interface FirmwareAction {
  readonly number: number;
  readonly pcr: number;
  readonly text: string;
}

/** The action that an EV_EFI_ACTION event measured (TCG "PC Client Platform Firmware Profile", section 10.4.4); null if none. */
export function readAction(log: BankedLog, event: FirmwareEvent): FirmwareAction | null {
  if (event.claimedType !== eventType.action) return null;
  const measured = measuredPart(log, event);
  const text = measured === null ? null : utf8Text(measured);
  if (text === null || !/^[\x20-\x7e]+$/.test(text)) return null;
  return { number: event.number, pcr: event.pcr, text };
}
