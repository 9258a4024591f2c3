import { type Hex, toHex } from '../bytes/hex.ts';
import { terminatedUtf16Text, utf8Text } from './efi-text.ts';
import { eventType, eventTypeName } from './event-types.ts';
import { eventData, eventDigest, type FirmwareEvent } from './firmware-log.ts';
import { loggedImagePath } from './image-load-event.ts';
import { type BankedLog, measuredPart } from './measured-data.ts';

/**
 * A PE image that the firmware or a boot loader started, in PCR 4, or a driver in PCR 2. The digest is Authenticode's, which is not
 * that of the file; nothing else is measured.
 */
export interface LoadedImage {
  readonly number: number;
  readonly pcr: number;
  readonly digest: Hex;
  readonly claimedType: string;
  /** File path in the device path; the log writer's word. */
  readonly loggedPath: string | null;
}

/** A line that a boot loader ran or gave to the kernel, as it was measured. */
export interface LoaderCommand {
  readonly number: number;
  readonly pcr: number;
  readonly text: string;
  /** GRUB's word before the text, which is not measured; null for command lines of systemd-boot and systemd-stub. */
  readonly claimedKind: 'grub_cmd' | 'kernel_cmdline' | 'module_cmdline' | null;
}

/** Something that was measured whole, and is known by its digest alone: a file, an initrd, an extension, a list of shim. */
export interface MeasuredContent {
  readonly number: number;
  readonly pcr: number;
  readonly digest: Hex;
  readonly claimedType: string;
  /** What the log calls it: a path of GRUB, a variable of shim, a description of systemd; the log writer's word. */
  readonly loggedName: string | null;
}

/** Which line an event measured; null if none. */
export function readCommand(log: BankedLog, event: FirmwareEvent): LoaderCommand | null {
  if (event.claimedType !== eventType.ipl) return null;
  const { number, pcr } = event;
  const data = eventData(log.log, event);
  for (const { kind, prefix } of grubPrefixes) {
    if (!startsWith(data, prefix)) continue;
    // GRUB (grub-core/lib/tpm.c) hashes the text without the prefix and without the NUL that ends the event.
    const measured = measuredPart(log, event, prefix.length, event.dataBytes - 1);
    const text = measured === null ? null : utf8Text(measured);
    return text === null ? null : { number, pcr, text, claimedKind: kind };
  }
  // systemd (src/boot/measure.c, tpm_log_load_options()) hashes the event: UTF-16 with its NUL.
  const whole = terminatedUtf16Text(data) === null ? null : measuredPart(log, event);
  const text = whole === null ? null : terminatedUtf16Text(whole);
  return text === null ? null : { number, pcr, text, claimedKind: null };
}

const grubPrefixes = (['grub_cmd', 'kernel_cmdline', 'module_cmdline'] as const).map((kind) => ({
  kind,
  prefix: Buffer.from(`${kind}: `),
}));

function startsWith(data: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, at) => data[at] === byte);
}

/** The event as an image, by the digest alone. */
export function toLoadedImage(log: BankedLog, event: FirmwareEvent): LoadedImage {
  const { number, pcr, claimedType } = event;
  return {
    number,
    pcr,
    digest: digestOf(log, event),
    claimedType: eventTypeName(claimedType),
    loggedPath: loggedImagePath(eventData(log.log, event)),
  };
}

/** The event by its digest alone. */
export function toMeasuredContent(log: BankedLog, event: FirmwareEvent): MeasuredContent {
  const { number, pcr, claimedType } = event;
  return {
    number,
    pcr,
    digest: digestOf(log, event),
    claimedType: eventTypeName(claimedType),
    loggedName: loggedName(claimedType, eventData(log.log, event)),
  };
}

const maximumNameBytes = 4096;
/** TCG_PCClientTaggedEvent: identifier and size before the data, which is systemd's description in UTF-16. */
const tagBytes = 8;

function loggedName(claimedType: number, data: Uint8Array): string | null {
  if (data.length > maximumNameBytes) return null;
  if (claimedType === eventType.eventTag) return terminatedUtf16Text(data.subarray(tagBytes));
  if (claimedType !== eventType.ipl) return null;
  return terminatedUtf16Text(data) ?? utf8Text(data.at(-1) === 0 ? data.subarray(0, -1) : data);
}

function digestOf({ log, bank }: BankedLog, event: FirmwareEvent): Hex {
  return toHex(eventDigest(log, event, bank) ?? new Uint8Array());
}
