import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { toHex } from '../../verifier/bytes/hex.ts';
import { type LogRecord, parseSystemdLog } from '../../verifier/measurement/systemd-log.ts';
import type { Booted } from '../boot.ts';

/** The log of a guest beside its TPM; PCRs of the SHA-256 bank in hexadecimal, by number. */
export interface Measured {
  readonly records: readonly LogRecord[];
  /** What the log leads to. */
  readonly replayed: Readonly<Record<string, string>>;
  /** What the TPM has. */
  readonly read: Readonly<Record<string, string>>;
}

/** Reads the log and some PCRs that the firmware leaves alone. */
export async function readMeasured({ run }: Booted, pcrs: readonly number[]): Promise<Measured> {
  // Before the first record there is no log, and its line is empty.
  const { stdout } = await run(
    `base64 -w 0 /run/log/systemd/tpm2-measure.log 2>/dev/null; echo; tpm2_pcrread sha256:${pcrs.join(',')}`,
  );
  const [log = '', ...values] = stdout.split('\n');
  const records = parseSystemdLog(Buffer.from(log, 'base64'), { maximumBytes: 1 << 20 });
  const read = [...values.join('\n').matchAll(/(\d+) *: 0x([0-9A-F]{64})/g)].map(
    ([, pcr = '', value = '']): [string, string] => [pcr, value.toLowerCase()],
  );
  return {
    records,
    replayed: Object.fromEntries(pcrs.map((pcr) => [pcr, replay(records, pcr)])),
    read: Object.fromEntries(read),
  };
}

function replay(records: readonly LogRecord[], pcr: number): string {
  const digests = records.flatMap(({ register, digests }) =>
    register.kind === 'pcr' && register.index === pcr ? [digests.get('sha256') ?? new Uint8Array(0)] : [],
  );
  return toHex(
    digests.reduce<Uint8Array>(
      (value, digest) => createHash('sha256').update(value).update(digest).digest(),
      new Uint8Array(32),
    ),
  );
}

/** What Touchstone measured, in order, without what each record begins with. */
export function touchstoneEvents({ records }: Measured): string[] {
  return records.flatMap(({ text }) =>
    text?.startsWith('touchstone-') === true ? [text.slice('touchstone-'.length)] : [],
  );
}

/** Reads what Touchstone measured, and checks that its log leads to what the TPM has. */
export async function readEvents(booted: Booted): Promise<string[]> {
  const measured = await readMeasured(booted, [13]);
  assert.deepEqual(measured.replayed, measured.read);
  return touchstoneEvents(measured);
}
