import { z } from 'zod';

import { type DigestName, digestSizes, isDigestName } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { fromHex, parseHex, toHex } from '../bytes/hex.ts';
import { parseShape } from '../bytes/shape.ts';
import { parseStrictJson } from '../bytes/strict-json.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { escapeC, unescapeC } from './c-escape.ts';

/** What a record says was extended: a PCR, or an NV index that systemd uses as one. */
export type Register =
  | { readonly kind: 'pcr'; readonly index: number }
  | { readonly kind: 'nv'; readonly index: number; readonly name: string | null };

/**
 * One record of systemd's measurement log, `/run/log/systemd/tpm2-measure.log`. The TPM vouches for digests only, and
 * for those only where the log replays (`replayLog`); all else is the log writer's word.
 */
export interface LogRecord {
  readonly register: Register;
  /** By bank; those of algorithms unknown here are left out. */
  readonly digests: ReadonlyMap<DigestName, Uint8Array>;
  /**
   * The measured text. systemd truncates it after 1,024 bytes, and measures some things by HMAC, so it is the measured
   * one only if it hashes to the digests. null where there is none, or none that stands for UTF-8.
   */
  readonly text: string | null;
  /** 32 hexadecimal digits. */
  readonly bootId: string | null;
  /** Microseconds since boot, of CLOCK_BOOTTIME. */
  readonly timestamp: number | null;
  /** Of systemd's own list, for example `phase`. */
  readonly eventType: string | null;
}

/** A record as the host's writer appends it. */
export interface WrittenRecord extends LogRecord {
  readonly register: Extract<Register, { kind: 'pcr' }>;
  readonly text: string;
  readonly bootId: string;
  readonly timestamp: number;
}

const recordSeparator = 0x1e;
const lineFeed = 0x0a;
const maximumRecordBytes = 64 * 1024;
const truncatedAfter = 1024;

const recordShape = z.object({
  pcr: z.int().min(0).max(23).optional(),
  nv_index: z.int().min(0).max(0xffffffff).optional(),
  digests: z
    .array(z.object({ hashAlg: z.string(), digest: z.string() }))
    .min(1)
    .max(16),
  content_type: z.string(),
  content: z.unknown(),
});

const contentShape = z.object({
  nvIndexName: z.string().optional(),
  string: z.string().optional(),
  bootId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  timestamp: z.int().min(0).optional(),
  eventType: z.string().optional(),
});

/**
 * Parses systemd's userspace measurement log: RFC 7464 JSON text sequences, each record 0x1e, one JSON text, 0x0a
 * (systemd src/shared/tpm2-util.c, `tpm2_userspace_log()`). Members that are not known here are passed over, as later
 * versions of systemd add some; content of another type than systemd's own is not read.
 *
 * @throws Malformed naming the record, counted from 1.
 */
export function parseSystemdLog(
  bytes: Uint8Array,
  { maximumBytes }: { readonly maximumBytes: number },
): LogRecord[] {
  if (bytes.length > maximumBytes) throw new Malformed('log', `is longer than ${maximumBytes} bytes`);
  const records: LogRecord[] = [];
  for (let start = 0; start < bytes.length;) {
    const field = `log record ${records.length + 1}`;
    const end = bytes.indexOf(lineFeed, start);
    if (bytes[start] !== recordSeparator)
      throw new Malformed(field, 'does not begin with a record separator', start);
    if (end === -1) throw new Malformed(field, 'does not end with a line feed', start);
    records.push(parseRecord(bytes.subarray(start + 1, end), field));
    start = end + 1;
  }
  return records;
}

/** Where the first `count` records of a log end, in bytes; null if it has fewer. */
export function recordsEnd(log: Uint8Array, count: number): number | null {
  let end = 0;
  for (let record = 0; record < count; record++) {
    const at = log.indexOf(lineFeed, end);
    if (at === -1) return null;
    end = at + 1;
  }
  return end;
}

function parseRecord(bytes: Uint8Array, field: string): LogRecord {
  const json = parseStrictJson(bytes, field, { maximumLength: maximumRecordBytes, maximumDepth: 8 });
  const record = parseShape(recordShape, json, field);
  const ours = record.content_type === 'systemd';
  const content = ours ? parseShape(contentShape, record.content, `${field}.content`) : {};
  return {
    register: parseRegister(record, content.nvIndexName ?? null, field),
    digests: parseDigests(record.digests, field),
    text: content.string === undefined ? null : readText(content.string),
    bootId: content.bootId ?? null,
    timestamp: content.timestamp ?? null,
    eventType: content.eventType ?? null,
  };
}

type RecordShape = z.infer<typeof recordShape>;

function parseRegister(
  { pcr, nv_index: nvIndex }: RecordShape,
  name: string | null,
  field: string,
): Register {
  // With both, a replay of the PCR and a reader of the other register would each count the record as its own.
  if (pcr !== undefined && nvIndex === undefined) return { kind: 'pcr', index: pcr };
  if (nvIndex !== undefined && pcr === undefined) return { kind: 'nv', index: nvIndex, name };
  throw new Malformed(field, 'must have one of pcr and nv_index');
}

function parseDigests(digests: RecordShape['digests'], field: string): LogRecord['digests'] {
  const names = digests.map(({ hashAlg }) => hashAlg);
  if (new Set(names).size !== names.length)
    throw new Malformed(`${field}.digests`, 'names an algorithm twice');
  const known = new Map<DigestName, Uint8Array>();
  for (const { hashAlg, digest } of digests) {
    if (!isDigestName(hashAlg)) continue;
    known.set(hashAlg, fromHex(parseHex(digest, `${field}.digests.${hashAlg}`, digestSizes[hashAlg])));
  }
  return known;
}

/** Some of systemd's own descriptions are not escaped at all; they are of events whose text is not what is hashed. */
function readText(escaped: string): string | null {
  try {
    return decodeUtf8(unescapeC(escaped));
  } catch {
    return null;
  }
}

/**
 * A record byte for byte as systemd 262 appends it, for a PCR; digests in the order of the map, which should be that of
 * the TPM's banks. `parseSystemdLog` reads it back, but for text that systemd would truncate.
 */
export function encodeLogRecord({
  register,
  digests,
  text,
  bootId,
  timestamp,
  eventType,
}: WrittenRecord): Uint8Array {
  const record = {
    pcr: register.index,
    digests: [...digests].map(([hashAlg, digest]) => ({ hashAlg, digest: toHex(digest) })),
    content_type: 'systemd',
    content: { string: writeText(text), bootId, timestamp, ...(eventType === null ? {} : { eventType }) },
  };
  const json = Buffer.from(JSON.stringify(record));
  return Uint8Array.of(recordSeparator, ...json, lineFeed);
}

/** systemd src/pcrextend/pcrextend.c, `escape_and_truncate_data()`: truncated first, then escaped. */
function writeText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= truncatedAfter) return escapeC(bytes);
  return `${escapeC(bytes.subarray(0, truncatedAfter))}...`;
}
