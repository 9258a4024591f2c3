import { Cursor } from '../bytes/cursor.ts';
import { type DigestName, digestSizes } from '../bytes/digest.ts';
import { Malformed } from '../bytes/failures.ts';
import { type Hex, toHex } from '../bytes/hex.ts';
import type { PcrSelection } from './pcr.ts';
import { readHash, readTpm2b } from './structures.ts';

/** TPMS_CLOCK_INFO (Part 2, section 10.11.1). */
export interface ClockInfo {
  /** Milliseconds the TPM has been powered since its owner was last cleared. */
  readonly clock: bigint;
  /** Resets of the TPM since then. */
  readonly resetCount: number;
  /** Resumes from suspend since the last reset. */
  readonly restartCount: number;
  /** Whether no greater value of `clock` was ever reported. */
  readonly safe: boolean;
}

/** A TPMS_ATTEST of type quote. Untrusted unless `verifyQuote` says otherwise. */
export interface Attested {
  /** Qualified name of the key that signed: hash identifier and digest. */
  readonly qualifiedSigner: Hex;
  /** The qualifying data given to TPM2_Quote. */
  readonly extraData: Uint8Array;
  readonly clockInfo: ClockInfo;
  readonly firmwareVersion: bigint;
  readonly selections: readonly PcrSelection[];
  readonly pcrDigest: Uint8Array;
}

const generatedValue = 0xff544347;
const attestQuote = 0x8018;

const largestDigest = digestSizes.sha512;
/** sizeof(TPMT_HA): a hash identifier and the largest digest. */
const largestHashUnion = 2 + largestDigest;

/**
 * Parses a TPMS_ATTEST of type quote (TCG "TPM 2.0 Library Part 2", section 10.12, TPMS_ATTEST); any other type is malformed here.
 *
 * @throws Malformed naming the field.
 */
export function parseAttested(bytes: Uint8Array): Attested {
  const cursor = new Cursor(bytes, 'big');
  // A TPM signs foreign data with a restricted key only if it does not begin with this value (CVE-2024-29038).
  if (cursor.u32('attested magic') !== generatedValue)
    throw new Malformed('attested magic', 'is not TPM_GENERATED', 0);
  if (cursor.u16('attested type') !== attestQuote) throw new Malformed('attested type', 'is not a quote', 4);
  const attested = {
    qualifiedSigner: readQualifiedSigner(cursor),
    extraData: readTpm2b(cursor, 'attested extraData', largestHashUnion),
    clockInfo: readClockInfo(cursor),
    firmwareVersion: cursor.u64('attested firmwareVersion'),
    selections: readSelections(cursor),
    pcrDigest: readTpm2b(cursor, 'attested pcrDigest', largestDigest),
  };
  cursor.end('attested');
  return attested;
}

/** TPM2B_NAME of a key (Part 2, section 10.5.3, and Part 1, section 16): never a handle, because handles do not sign. */
function readQualifiedSigner(cursor: Cursor): Hex {
  const field = 'attested qualifiedSigner';
  const name = readTpm2b(cursor, field, largestHashUnion);
  const algorithm = readHash(new Cursor(name, 'big'), field);
  if (name.length !== 2 + digestSizes[algorithm])
    throw new Malformed(field, `is not the size of a ${algorithm} name`);
  return toHex(name);
}

function readClockInfo(cursor: Cursor): ClockInfo {
  return {
    clock: cursor.u64('attested clock'),
    resetCount: cursor.u32('attested resetCount'),
    restartCount: cursor.u32('attested restartCount'),
    safe: readYesNo(cursor, 'attested safe'),
  };
}

/** TPMI_YES_NO (Part 2, section 9.2). */
function readYesNo(cursor: Cursor, field: string): boolean {
  const at = cursor.offset;
  const value = cursor.u8(field);
  if (value > 1) throw new Malformed(field, `${value} is neither yes nor no`, at);
  return value === 1;
}

/** TPML_PCR_SELECTION (Part 2, section 10.9.7): at most one entry a bank. */
function readSelections(cursor: Cursor): PcrSelection[] {
  const field = 'attested PCR selection';
  const count = cursor.u32(`${field} count`);
  // HASH_COUNT of any TPM is far below; an absurd count must not become an absurd loop.
  if (count > 16) throw new Malformed(field, `has ${count} entries`);
  const selections: PcrSelection[] = [];
  const banks = new Set<DigestName>();
  for (let entry = 0; entry < count; entry++) {
    const selection = readSelection(cursor, field);
    // Two entries of one bank could be read as either, or as both (CVE-2024-29039).
    if (banks.has(selection.algorithm))
      throw new Malformed(field, `names the bank ${selection.algorithm} twice`);
    banks.add(selection.algorithm);
    selections.push(selection);
  }
  return selections;
}

/**
 * TPMS_PCR_SELECTION (Part 2, section 10.6.2). A PC Client TPM has 24 PCRs, so PCR_SELECT_MIN is 3; PCR_SELECT_MAX is 4
 * because handles allow for 32 PCRs.
 */
function readSelection(cursor: Cursor, field: string): PcrSelection {
  const algorithm = readHash(cursor, `${field} bank`);
  const at = cursor.offset;
  const size = cursor.u8(`${field} size`);
  if (size < 3 || size > 4) throw new Malformed(`${field} size`, `${size} is neither 3 nor 4`, at);
  const bitmap = cursor.take(size, field);
  const pcrs: number[] = [];
  for (let index = 0; index < size * 8; index++) if (isSet(bitmap, index)) pcrs.push(index);
  return { algorithm, pcrs };
}

/** PCR n is bit n modulo 8 of octet n / 8 (Part 2, section 10.6.1). */
function isSet(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}
