import { createHash } from 'node:crypto';

import { type DigestName, digestSizes } from '../../verifier/bytes/digest.ts';
import { join } from './tpm-writer.ts';

/** An event as a firmware measures and logs it. */
export interface BootEvent {
  readonly pcr: number;
  readonly type: number;
  readonly data: Uint8Array;
  /** What is hashed; the data if not given. null: nothing is extended, and the digests are zeros. */
  readonly measured?: Uint8Array | null;
}

/** The parts of a log's header, each of which may be wrong. */
export interface LogHeaderParts {
  readonly signature: string;
  readonly algorithms: readonly (readonly [identifier: number, size: number])[];
  readonly count: number;
  readonly vendorInfo: Uint8Array;
  /** The size that is said of the vendor info. */
  readonly vendorInfoSize: number;
}

const identifiers: Readonly<Record<DigestName, number>> = { sha1: 4, sha256: 11, sha384: 12, sha512: 13 };

/** Unsigned little-endian integers, as logs hold them. */
export function le16(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8);
}
export function le32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
export function le64(value: number): Uint8Array {
  return join(le32(value), le32(0));
}

export function hash(bank: DigestName, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash(bank)
      .update(join(...parts))
      .digest(),
  );
}

/** The first event of a crypto-agile log of these banks, but for the parts given. */
export function logHeader(banks: readonly DigestName[], parts: Partial<LogHeaderParts> = {}): Uint8Array {
  const algorithms = parts.algorithms ?? banks.map((bank) => [identifiers[bank], digestSizes[bank]] as const);
  const vendorInfo = parts.vendorInfo ?? new Uint8Array();
  const data = join(
    Buffer.from(parts.signature ?? 'Spec ID Event03\0', 'latin1'),
    Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 2),
    le32(parts.count ?? algorithms.length),
    ...algorithms.map(([identifier, size]) => join(le16(identifier), le16(size))),
    Uint8Array.of(parts.vendorInfoSize ?? vendorInfo.length),
    vendorInfo,
  );
  return legacyEvent({ pcr: 0, type: 3, data, measured: null });
}

/** TCG_PCR_EVENT. */
export function legacyEvent({ pcr, type, data, measured }: BootEvent): Uint8Array {
  const digest = measured === null ? new Uint8Array(20) : hash('sha1', measured ?? data);
  return join(le32(pcr), le32(type), digest, le32(data.length), data);
}

/** The digests of an event, each with its algorithm. */
export function digestsOf({ data, measured }: BootEvent, banks: readonly DigestName[]): Uint8Array[] {
  return banks.map((bank) =>
    join(
      le16(identifiers[bank]),
      measured === null ? new Uint8Array(digestSizes[bank]) : hash(bank, measured ?? data),
    ),
  );
}

/** TCG_PCR_EVENT2 of digests that may be wrong. */
export function agileEvent({ pcr, type, data }: BootEvent, digests: readonly Uint8Array[]): Uint8Array {
  return join(le32(pcr), le32(type), le32(digests.length), ...digests, le32(data.length), data);
}

/** A crypto-agile log. */
export function writeLog(
  events: readonly BootEvent[],
  banks: readonly DigestName[] = ['sha1', 'sha256'],
  header: Partial<LogHeaderParts> = {},
): Uint8Array {
  return join(logHeader(banks, header), ...events.map((event) => agileEvent(event, digestsOf(event, banks))));
}

/** What the events leave in each PCR of a bank, if the TPM was started at the locality. */
export function bootPcrs(
  events: readonly BootEvent[],
  bank: DigestName,
  locality = 0,
): Map<number, Uint8Array> {
  const values = new Map<number, Uint8Array>();
  for (const { pcr, data, measured } of events) {
    if (measured === null) continue;
    const before = values.get(pcr) ?? start(bank, pcr, locality);
    values.set(pcr, hash(bank, before, hash(bank, measured ?? data)));
  }
  return values;
}

function start(bank: DigestName, pcr: number, locality: number): Uint8Array {
  const value = new Uint8Array(digestSizes[bank]);
  if (pcr === 0) value[value.length - 1] = locality;
  return value;
}
