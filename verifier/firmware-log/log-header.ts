import { Cursor } from '../bytes/cursor.ts';
import { digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { hashByIdentifier } from '../tpm/algorithms.ts';
import { eventType } from './event-types.ts';

/** What the first event of a log says of all that follow. */
export interface LogHeader {
  readonly format: 'crypto-agile' | 'sha1';
  /** Digest sizes in bytes by TPM_ALG_ID, those unknown here too. Of a SHA-1 log: SHA-1 alone. */
  readonly digestSizes: ReadonlyMap<number, number>;
  /** Where the first event begins that is in this format. */
  readonly eventsAt: number;
}

const agileSignature = 'Spec ID Event03\0';
/** TPM2_NUM_PCR_BANKS of the reference implementation; firmware has at most five. */
const maximumAlgorithms = 16;
const maximumDigestBytes = 64;
const sha1Identifier = 0x0004;

/**
 * Reads the first event: a TCG_EfiSpecIDEvent of the crypto-agile format, or anything else, which makes it a SHA-1 log
 * (TCG "PC Client Platform Firmware Profile", sections 10.2.1 and 10.4.5.1). TPM 1.2 headers ("Spec ID Event00" and
 * "Spec ID Event02") are EV_NO_ACTION events of a SHA-1 log.
 *
 * @throws Malformed for a header whose parts do not fill it exactly, or that names a digest size which is not its algorithm's.
 */
export function parseLogHeader(bytes: Uint8Array): LogHeader {
  const cursor = new Cursor(bytes, 'little');
  cursor.u32('firmware log header: PCR');
  const type = cursor.u32('firmware log header: type');
  cursor.take(digestSizes.sha1, 'firmware log header: digest');
  const data = cursor.take(cursor.u32('firmware log header: event size'), 'firmware log header: event');
  const signature = Buffer.from(data.subarray(0, agileSignature.length)).toString('latin1');
  if (type !== eventType.noAction || signature !== agileSignature)
    return { format: 'sha1', digestSizes: new Map([[sha1Identifier, digestSizes.sha1]]), eventsAt: 0 };
  return { format: 'crypto-agile', digestSizes: readAlgorithms(data), eventsAt: cursor.offset };
}

function readAlgorithms(data: Uint8Array): Map<number, number> {
  const cursor = new Cursor(data, 'little');
  // Signature, platform class, version, errata, size of UINTN: none of them changes how the log is read.
  cursor.take(agileSignature.length + 8, 'Spec ID event');
  const count = cursor.u32('Spec ID event: number of algorithms');
  if (count < 1 || count > maximumAlgorithms)
    throw new Malformed('Spec ID event: number of algorithms', `is ${count}`);
  const sizes = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const identifier = cursor.u16('Spec ID event: algorithm');
    const size = cursor.u16('Spec ID event: digest size');
    checkAlgorithm(identifier, size);
    if (sizes.has(identifier))
      throw new Malformed('Spec ID event', `names algorithm 0x${identifier.toString(16)} twice`);
    sizes.set(identifier, size);
  }
  cursor.take(cursor.u8('Spec ID event: vendor info size'), 'Spec ID event: vendor info');
  cursor.end('Spec ID event');
  return sizes;
}

/** With a digest size of its own choice a header could move the border between every digest and what follows it. */
function checkAlgorithm(identifier: number, size: number): void {
  const known = hashByIdentifier(identifier);
  const wrong = known === undefined ? size < 1 || size > maximumDigestBytes : size !== digestSizes[known];
  if (wrong)
    throw new Malformed('Spec ID event: digest size', `of algorithm 0x${identifier.toString(16)} is ${size}`);
}
