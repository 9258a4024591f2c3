import { digest, type DigestName, digestSizes } from '../bytes/digest.ts';

const encodings = {
  zeros: Uint8Array.of(0, 0, 0, 0),
  ones: Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  error: Uint8Array.of(1, 0, 0, 0),
  handedOver: 'Exit Boot Services Returned with Success',
} as const;

/**
 * Events that are known by their digest, whatever type they claim: the values of an EV_SEPARATOR (TCG "PC Client Platform Firmware
 * Profile", section 10.4.1: zeros or ones, and 1 for an error) and the EV_EFI_ACTION that ends the firmware's services.
 */
export type KnownEvent = keyof typeof encodings;

const isKnownEvent = (name: string): name is KnownEvent => Object.hasOwn(encodings, name);
const kinds = Object.keys(encodings).filter(isKnownEvent);
const isBank = (name: string): name is DigestName => Object.hasOwn(digestSizes, name);

const known = Object.keys(digestSizes)
  .filter(isBank)
  .flatMap((bank) => kinds.map((kind) => ({ kind, measured: digest(bank, encodings[kind]) })));
/** Nearly every digest that is asked about is none of them, which its first byte tells. */
const firstBytes: ReadonlySet<number | undefined> = new Set(known.map(({ measured }) => measured[0]));

/** Which of the known events a digest of any bank is of; undefined for all others. */
export function knownEvent(measured: Uint8Array): KnownEvent | undefined {
  if (!firstBytes.has(measured[0])) return undefined;
  return known.find((one) => Buffer.compare(one.measured, measured) === 0)?.kind;
}
