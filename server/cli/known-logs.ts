import { z } from 'zod';

import { digest } from '../../verifier/bytes/digest.ts';
import { toHex } from '../../verifier/bytes/hex.ts';
import type { KnownLogs } from '../../verifier/evidence/complete-logs.ts';
import { maximumEvidenceBytes, maximumLogBytes, parseEvidence } from '../../verifier/evidence/evidence.ts';
import { type LogSelection, wholeLogs } from '../attester/select-logs.ts';
import { readBounded } from '../os/durable-file.ts';

/** What a boot loader may have measured into the extension PCR. */
export const bootDigestsShape = z
  .array(z.string().regex(/^[0-9a-f]{64}$/, 'is not the SHA-256 of an archive in hexadecimal'))
  .transform((digests): ReadonlySet<string> => new Set(digests));

/** What the user has of a host from before: logs of firmware, and the evidence that was accepted last. */
export interface KnownEvidence {
  readonly logs: KnownLogs;
  readonly previous: Uint8Array | undefined;
  /** What a host need not send again. */
  readonly selection: LogSelection;
}

/** @throws CouldNotDecide if a file cannot be read. @throws Malformed if the evidence is none. */
export async function readKnownEvidence(options: {
  readonly firmwareLog: readonly string[];
  readonly previous?: string | undefined;
}): Promise<KnownEvidence> {
  const files = await Promise.all(options.firmwareLog.map((file) => readBounded(file, maximumLogBytes)));
  if (options.previous === undefined) {
    const firmware = byDigest(files);
    const [first = null] = firmware.keys();
    const logs = { firmware, userspace: null };
    return { logs, previous: undefined, selection: { ...wholeLogs, knownFirmware: first } };
  }
  const previous = await readBounded(options.previous, maximumEvidenceBytes);
  const { claims, logs } = parseEvidence(previous);
  const firmware = byDigest(logs.firmware === null ? files : [...files, logs.firmware]);
  const named = claims.logs.firmware?.sha256;
  return {
    logs: { firmware, userspace: { bootId: claims.bootId, log: logs.userspace } },
    previous,
    selection: {
      knownFirmware: named !== undefined && firmware.has(named) ? named : null,
      from: claims.logs.userspace.records,
    },
  };
}

function byDigest(logs: readonly Uint8Array[]): ReadonlyMap<string, Uint8Array> {
  return new Map(logs.map((log) => [toHex(digest('sha256', log)), log]));
}
