import type { DigestName } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { ReasonCode } from '../../verifier/reasons.ts';
import type { LogCase, LogFacts } from './log-group.ts';
import { type BootEvent, bootPcrs, hash, writeLog } from './log-writer.ts';
import { ascii, handOver, sampleBoot } from './log-sample.ts';

/** What stands for the images of the sample boot. */
export const sampleImages = ['shim', 'systemd-boot', 'unified kernel'] as const;

/** What is to be read of the sample boot. */
export const sampleFacts: LogFacts = {
  secureBoot: true,
  dbx: 2,
  authorities: ['db', 'SbatLevel', 'Shim'],
  images: sampleImages.map((content) => hexDigest(content)),
  commands: 1,
  sections: ['.linux', '.osrel', '.cmdline', '.initrd'],
};

/** Of a log that leaves a doubt about Secure Boot and none about the rest. */
export const doubtful: LogFacts = { ...sampleFacts, secureBoot: null, dbx: null, authorities: null };

export function hexDigest(content: string, bank: DigestName = 'sha256'): string {
  return toHex(hash(bank, ascii(content)));
}

interface Given {
  readonly id: string;
  readonly comment: string;
  readonly flag: string;
  readonly expect: LogFacts | ReasonCode;
  /** What was extended; the sample boot if not given. */
  readonly measured?: readonly BootEvent[];
  /** What is logged; what was extended if not given. */
  readonly logged?: readonly BootEvent[];
  /** The log itself. */
  readonly log?: Uint8Array;
}

/** A case of the SHA-256 bank of a log that is, but for the parts given, that of the sample boot. */
export function logCase({
  id,
  comment,
  flag,
  expect,
  measured = sampleBoot,
  logged = measured,
  log,
}: Given): LogCase {
  const pcrs = bootPcrs(measured, 'sha256');
  return { id, comment, flags: [flag], log: log ?? writeLog(logged), bank: 'sha256', pcrs, expect };
}

/** The events with one of them replaced by others. */
export function replaced(event: BootEvent, ...by: readonly BootEvent[]): BootEvent[] {
  const at = sampleBoot.indexOf(event);
  if (at === -1) throw new TypeError('no such event in the sample boot');
  return sampleBoot.toSpliced(at, 1, ...by);
}

/** The event as its digest has it, under another type. */
export function retyped(event: BootEvent, type: number, data: Uint8Array = event.data): BootEvent {
  return { pcr: event.pcr, type, data, measured: event.measured ?? event.data };
}

/** The first event of the sample boot that is like this. */
export function sampleEvent(matches: (event: BootEvent) => boolean): BootEvent {
  const found = sampleBoot.find(matches);
  if (found === undefined) throw new TypeError('no such event in the sample boot');
  return found;
}

/** The sample boot with more events before it is handed over to the operating system. */
export function afterBoot(...events: readonly BootEvent[]): BootEvent[] {
  return [...sampleBoot.slice(0, -handOver.length), ...events, ...handOver];
}
