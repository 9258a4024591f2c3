import { Gauge, type Registry } from 'prom-client';

import type { HostState } from '../attester/host-state.ts';

/**
 * Gauges of what the host says of itself.
 *
 * @returns sets them; null where the log cannot be read, so that nobody takes a zero for an answer.
 */
export function createHostGauges(registers: Registry[]): (state: HostState | null) => void {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const measured = new Gauge({
    ...{ name: 'touchstone_measured_extensions', registers, labelNames: ['class', 'state'] },
    help: 'Extensions of the set that the measurement log ends with.',
  });
  const merged = new Gauge({
    ...{ name: 'touchstone_merged_extensions', registers, labelNames: ['class'] },
    help: 'Extensions that are merged, as the kernel has it.',
  });
  const records = gauge('touchstone_log_records', 'Records of the measurement log.');
  const bytes = gauge('touchstone_log_bytes', 'Size of the measurement log.');
  const incomplete = gauge(
    'touchstone_log_incomplete',
    '1 if an event may be missing in the measurement log.',
  );
  const violations = gauge('touchstone_violations', 'Violations since boot in the measurement log.');
  return (state) => {
    measured.reset();
    for (const { class: extensionClass, state: word, extensions } of state?.history.sets.values() ?? [])
      measured.set({ class: extensionClass, state: word }, extensions.length);
    merged.reset();
    for (const [extensionClass, one] of state?.merged ?? [])
      merged.set({ class: extensionClass }, one?.extensions.length ?? Number.NaN);
    records.set(state?.log.records ?? Number.NaN);
    bytes.set(state?.log.bytes ?? Number.NaN);
    incomplete.set(state === null ? Number.NaN : Number(state.log.incomplete));
    violations.set(state?.history.violations.length ?? Number.NaN);
  };
}
