import { toBase64 } from '../../verifier/bytes/base64.ts';
import { digest } from '../../verifier/bytes/digest.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { type Hex, toHex } from '../../verifier/bytes/hex.ts';
import { toClaimedSet } from '../../verifier/evidence/claimed-set.ts';
import type { ClaimedSet, Claims } from '../../verifier/evidence/claims.ts';
import type { Evidence } from '../../verifier/evidence/evidence.ts';
import { qualifyingData } from '../../verifier/evidence/qualifying-data.ts';
import { readExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import { replayLog } from '../../verifier/measurement/replay.ts';
import type { LogRecord } from '../../verifier/measurement/systemd-log.ts';
import { verifyQuote } from '../../verifier/tpm/quote.ts';
import { eventTexts, parseMeasuredLog } from '../host/measured-events.ts';
import { findSignature } from '../host/signature-store.ts';
import { type MeasuredLog, withSharedLog } from '../host/systemd/read-log.ts';
import { bootId } from '../os/clock.ts';
import type { AttesterOptions } from './attester-options.ts';

/** What a quote is taken over: the firmware's PCRs, those of the boot and of the system's identity, and the log's own. */
const quotedPcrs: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

const bank = 'sha256';

export type Snapshot = Pick<Evidence, 'claims' | 'quote' | 'pcrs' | 'logs'>;

/** What one quote answers. */
export interface Asked {
  readonly nonceTreeRoot: Uint8Array;
  /** Of the TLS connections that the challenges came by; null if they had no TLS. */
  readonly tlsKeySha256: Hex | null;
}

/**
 * Log, claims, PCRs and quote of one moment. The log's lock is held (shared) until the quote is taken, so that no writer
 * that keeps systemd's protocol can come between.
 *
 * @param asked what the quote must answer.
 * @returns null if the parts do not agree: something extended the PCR without the log, or between the two readings.
 */
export function takeSnapshot(options: AttesterOptions, asked: Asked): Promise<Snapshot | null> {
  return withSharedLog(options.root, async (log) => {
    const records = parseMeasuredLog(log);
    const claims = await makeClaims(options, asked, { log, records });
    const data = qualifyingData(asked.nonceTreeRoot, claims);
    const pcrs = [...new Set([...quotedPcrs, options.measurePcr])].sort((a, b) => a - b);
    const values = new Map([[bank, await options.device.readPcrs(bank, pcrs)] as const]);
    const quote = await options.device.quote(options.attestationKeyHandle, {
      bank,
      pcrs,
      qualifyingData: data,
    });
    const verdict = verifyQuote({
      ...quote,
      ...{ attestationKey: options.attestationKey, qualifyingData: data, pcrs: values },
      ...{ requiredPcrs: [options.measurePcr], bank },
    });
    const agree = verdict.verified && replayLog(verdict.quote, records, options.measurePcr).replayed;
    return agree ? { claims, quote, pcrs: values, logs: { firmware: null, userspace: log.bytes } } : null;
  });
}

async function makeClaims(
  { root, measurePcr }: AttesterOptions,
  { tlsKeySha256 }: Asked,
  { log, records }: { readonly log: MeasuredLog; readonly records: readonly LogRecord[] },
): Promise<Claims> {
  const userspace = {
    bytes: log.bytes.length,
    sha256: toHex(digest('sha256', log.bytes)),
    records: records.length,
  };
  return {
    version: 1,
    sets: await claimSets(root, eventTexts(records, measurePcr)),
    mutable: null,
    bootId: bootId(),
    tlsKeySha256,
    logs: { firmware: null, userspace: { ...userspace, incomplete: log.incomplete } },
  };
}

/** The sets the log ends with, each extension with the signature that the gate kept. */
async function claimSets(root: string, events: readonly string[]): Promise<ClaimedSet[]> {
  const verdict = readExtensionHistory(events);
  if (!verdict.read) throw new CouldNotDecide(`the measurement log: ${verdict.reasons[0].message}`);
  const sets = [...verdict.history.sets.values()];
  const signatures = new Map<string, string>();
  for (const extension of sets.flatMap((set) => set.extensions)) {
    const cms = await findSignature(root, extension);
    if (cms !== null) signatures.set(`${extension.rootHash}-${extension.signer}`, toBase64(cms));
  }
  return sets.map((set) =>
    toClaimedSet(set, ({ rootHash, signer }) => signatures.get(`${rootHash}-${signer}`) ?? null),
  );
}
