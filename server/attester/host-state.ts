import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import {
  decodeExtensionEvent,
  type ExtensionEvent,
  isExtensionEvent,
} from '../../verifier/measurement/extension-event.ts';
import {
  type ExtensionClass,
  type ExtensionHistory,
  readExtensionHistory,
} from '../../verifier/measurement/extension-history.ts';
import { eventTexts, parseMeasuredLog } from '../host/measured-events.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { readMerged } from '../host/merged/read-merged.ts';
import { readLog } from '../host/systemd/read-log.ts';

/**
 * What a host says of itself: its measurement log, and what is merged as the kernel has it. Nothing of it is proved, that is
 * what evidence is for.
 */
export interface HostState {
  readonly log: {
    readonly records: number;
    readonly bytes: number;
    /** An event may be missing. */
    readonly incomplete: boolean;
  };
  /** What was measured of extensions since boot, oldest first. */
  readonly events: readonly ExtensionEvent[];
  readonly history: ExtensionHistory;
  /** Null where it cannot be told. */
  readonly merged: ReadonlyMap<ExtensionClass, MergedState | null>;
}

const classes: readonly ExtensionClass[] = ['sysext', 'confext'];

/**
 * Reads the log and the mounts, and leaves the TPM alone.
 *
 * @throws CouldNotDecide if the log cannot be read, or says what nobody here writes.
 */
export async function readHostState(root: string, measurePcr: number): Promise<HostState> {
  const log = await readLog(root);
  const records = parseMeasuredLog(log);
  const texts = eventTexts(records, measurePcr);
  const verdict = readExtensionHistory(texts);
  if (!verdict.read) throw new CouldNotDecide(`the measurement log: ${verdict.reasons[0].message}`);
  const merged = classes.map(async (one): Promise<[ExtensionClass, MergedState | null]> => [
    one,
    await mergedOrNull(root, one),
  ]);
  return {
    log: { records: records.length, bytes: log.bytes.length, incomplete: log.incomplete },
    events: texts.filter(isExtensionEvent).map(decodeExtensionEvent),
    history: verdict.history,
    merged: new Map(await Promise.all(merged)),
  };
}

async function mergedOrNull(root: string, extensionClass: ExtensionClass): Promise<MergedState | null> {
  try {
    return await readMerged(root, extensionClass);
  } catch (error) {
    if (error instanceof CouldNotDecide) return null;
    throw error;
  }
}
