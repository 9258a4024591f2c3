import { trustOnlyPolicy } from '../../verifier/policy/trust-only-policy.ts';
import type { GateInput } from '../host/gate-input.ts';
import { noHost } from '../host/host-knowledge.ts';
import { lastMeasuredPcr, parseMeasuredLog } from '../host/measured-events.ts';
import { readLog } from '../host/systemd/read-log.ts';
import { now } from '../os/clock.ts';
import { findTpm, type GateOptions } from './gate-options.ts';

/**
 * What a host goes by whose policy is gone or cannot be read: a policy that accepts nothing, and measures where the events of this boot
 * are measured, or into PCR 13.
 *
 * @throws CouldNotDecide if the log cannot be read.
 */
export async function inputWithoutPolicy(options: GateOptions): Promise<Omit<GateInput, 'classes'>> {
  const { root, full } = options;
  const refusing = trustOnlyPolicy([]);
  const pcr = lastMeasuredPcr(parseMeasuredLog(await readLog(root)));
  return {
    ...{ root, full, knowledge: noHost, now: now() },
    policy: { ...refusing, measurePcr: pcr ?? refusing.measurePcr },
    device: await findTpm(options, { withoutTpm: 'merge' }),
  };
}
