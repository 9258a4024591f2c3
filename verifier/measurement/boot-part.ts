import type { Branded } from '../bytes/branded.ts';
import { digest, type DigestName } from '../bytes/digest.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import type { AuthenticatedFirmwareLog } from '../firmware-log/read-firmware-log.ts';
import { type Reason, reason } from '../reasons.ts';
import { initialPcr } from '../tpm/pcr.ts';
import { isExtensionEvent } from './extension-event.ts';

/** What a PCR held when user space began to measure into it. Made by `afterFirmware` alone. */
export type RegisterStart = Branded<
  { readonly pcr: number; readonly bank: DigestName; readonly value: Uint8Array },
  'RegisterStart'
>;

/** Where the replay of a PCR begins: after the firmware log's events of it, at zeros where there are none. */
export function afterFirmware(
  log: AuthenticatedFirmwareLog | null,
  pcr: number,
  bank: DigestName,
): RegisterStart {
  const value = log?.bank === bank ? log.values.get(pcr) : undefined;
  return { pcr, bank, value: value ?? initialPcr(bank) } as RegisterStart;
}

/**
 * Whether the firmware log's part of the extension PCR can hide an event of ours. systemd-stub measures the extensions that lie beside
 * a kernel image into PCR 13 before there is a userspace log (systemd src/boot/stub.c, `pack_cpio()`): an EV_IPL event whose digest
 * is of a whole cpio archive and whose data is a description, "System extension initrd". So nothing in the log hashes to that digest,
 * and type and description are the log writer's word.
 *
 * The quote proves the order of digests within the PCR, and not where the firmware's ended. Root can therefore move the first of our own
 * events, a violation say, out of the userspace log into a firmware log of its making, where nothing tells its digest from an
 * archive's. What cannot be told: which of the two an opaque digest is. What can: a digest that the verifier expects
 * (`knownBootDigests`: hashes of archives it knows, and an extension event is none of them), and data that hashes to its digest and is
 * no text of ours. Everything else is `boot-event-unknown`, which is no yes; a host whose firmware measured nothing into
 * the PCR has nothing of it.
 *
 * `log-event-retyped`: an event of user space (ours, or systemd's os-separator) stands among the firmware's.
 */
export function checkBootPart(
  log: AuthenticatedFirmwareLog | null,
  pcr: number,
  knownBootDigests: ReadonlySet<string>,
): Reason[] {
  if (log === null || !log.values.has(pcr)) return [];
  const separator = toHex(digest(log.bank, 'os-separator'));
  const lines = [...log.facts.commands, ...log.facts.actions].filter((event) => event.pcr === pcr);
  const opaque = opaqueEvents(log, pcr);
  const ours =
    lines.find(({ text }) => isExtensionEvent(text) || text === 'os-separator') ??
    opaque.find((event) => event.digest === separator);
  if (ours !== undefined) {
    const message = `Event ${ours.number} of the firmware log (PCR ${pcr}) is one that user space measures.`;
    return [reason('log-event-retyped', message)];
  }
  const unknown = opaque.find((event) => !knownBootDigests.has(event.digest));
  if (unknown === undefined) return [];
  const message = `Event ${unknown.number} of the firmware log measured ${unknown.digest} into PCR ${pcr}: it may be what the boot loader says, an extension beside the kernel, or hide an event of this PCR. Give its digest as known if it is expected.`;
  return [reason('boot-event-unknown', message)];
}

/** Events of which the digest alone is proved. */
function opaqueEvents(
  { facts, values, bank }: AuthenticatedFirmwareLog,
  pcr: number,
): readonly { readonly number: number; readonly digest: Hex }[] {
  const found = [
    ...[...facts.contents, ...facts.images].filter((event) => event.pcr === pcr),
    ...(pcr === unifiedPcr ? facts.sections : []),
  ];
  // In the firmware's own PCRs some events are separators and variables, which are not listed one by one.
  const value = values.get(pcr);
  if (pcr > lastFirmwarePcr || value === undefined || Buffer.compare(value, initialPcr(bank)) === 0)
    return found;
  return [{ number: found[0]?.number ?? 0, digest: toHex(value) }];
}

const unifiedPcr = 11;
const lastFirmwarePcr = 7;
