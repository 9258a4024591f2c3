import { dirname, join } from 'node:path';

import { z } from 'zod';

import { type DigestName, digestSizes, isDigestName } from '../../../verifier/bytes/digest.ts';
import { Malformed } from '../../../verifier/bytes/failures.ts';
import { fromHex, parseHex, toHex } from '../../../verifier/bytes/hex.ts';
import { parseShape } from '../../../verifier/bytes/shape.ts';
import { parseStrictJson } from '../../../verifier/bytes/strict-json.ts';
import { maximumLogBytes } from '../../../verifier/evidence/evidence.ts';
import type { PcrValues } from '../../../verifier/tpm/pcr.ts';
import { bootId } from '../../os/clock.ts';
import { makePrivateDirectory, readIfPresent, removeEntry, writeDurable } from '../../os/durable-file.ts';
import { signatureDirectory } from '../../os/own-paths.ts';
import type { TpmDevice } from '../../tpm-device/device.ts';

/** What is to be measured, written down before it is, for whoever comes after a process that was killed on its way. */
export interface PendingMeasurement {
  readonly pcr: number;
  /** Size of the log before it, in bytes. */
  readonly start: number;
  /** What is to be appended, a record each. */
  readonly records: readonly Uint8Array[];
  /** As `readRegisters` gives them. */
  readonly before: PcrValues;
}

// Below /run, with the log: neither it nor the PCRs outlive the boot.
const directory = dirname(signatureDirectory);
const name = 'measuring.json';
const limits = { maximumLength: 4 * maximumLogBytes, maximumDepth: 8 };

/** PCRs that the firmware and systemd extend; those above are reset or extended by anybody at any time. */
const staticPcrs = Array.from({ length: 16 }, (_, index) => index);

/**
 * The values that tell what was measured since: of one PCR in each active bank, and in the first bank of all PCRs that
 * somebody else may have been extending when he was killed as well.
 *
 * @throws CouldNotDecide
 */
export async function readRegisters(device: TpmDevice, pcr: number): Promise<PcrValues> {
  const values = new Map<DigestName, ReadonlyMap<number, Uint8Array>>();
  for (const bank of await device.activeBanks()) {
    const pcrs = values.size === 0 ? [...new Set([...staticPcrs, pcr])] : [pcr];
    values.set(bank, await device.readPcrs(bank, pcrs));
  }
  return values;
}

/** @throws CouldNotDecide */
export async function keepPending(root: string, pending: PendingMeasurement): Promise<void> {
  const place = await makePrivateDirectory(root, directory);
  await writeDurable(join(place, name), Buffer.from(JSON.stringify(toDocument(pending))), 0o600);
}

/**
 * What was written down last in this boot; null if there is nothing. A file that is damaged is as good as none: then the log
 * goes on saying that it may be incomplete.
 *
 * @throws CouldNotDecide if it cannot be read.
 */
export async function readPending(root: string): Promise<PendingMeasurement | null> {
  const bytes = await readIfPresent(root, join(directory, name), limits.maximumLength);
  if (bytes === null) return null;
  try {
    const document = parseShape(shape, parseStrictJson(bytes, name, limits), name);
    return document.bootId === bootId() ? fromDocument(document) : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** @throws CouldNotDecide */
export async function dropPending(root: string): Promise<void> {
  const place = await makePrivateDirectory(root, directory);
  await removeEntry(join(place, name));
}

const shape = z.object({
  bootId: z.string(),
  pcr: z.int().min(0).max(23),
  start: z.int().min(0),
  records: z.array(z.string()),
  before: z.record(z.string(), z.array(z.tuple([z.int(), z.string()]))),
});

function toDocument({ pcr, start, records, before }: PendingMeasurement): z.infer<typeof shape> {
  return {
    ...{ bootId: bootId(), pcr, start },
    records: records.map((record) => Buffer.from(record).toString('latin1')),
    before: Object.fromEntries(
      [...before].map(([bank, values]) => [bank, [...values].map(([index, value]) => [index, toHex(value)])]),
    ),
  };
}

function fromDocument({ pcr, start, records, before }: z.infer<typeof shape>): PendingMeasurement {
  return {
    ...{ pcr, start },
    records: records.map((record) => Buffer.from(record, 'latin1')),
    before: new Map(
      Object.entries(before).map(([bank, values]) => {
        if (!isDigestName(bank)) throw new Malformed(name, `has the unknown bank ${bank}`);
        const size = digestSizes[bank];
        return [bank, new Map(values.map(([index, value]) => [index, fromHex(parseHex(value, name, size))]))];
      }),
    ),
  };
}
