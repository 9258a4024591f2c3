import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Attester } from '../attester/attester.ts';
import { createHostGauges } from './host-metrics.ts';

/** How a request ended. */
export interface Answered {
  readonly operation: string;
  readonly status: number;
  /** The last word of the problem's type; null if it was none. */
  readonly problem: string | null;
  readonly seconds: number;
}

/** What is counted, and the page that Prometheus reads. */
export interface Metrics {
  readonly answered: (event: Answered) => void;
  readonly handshakeFailed: () => void;
  /** The certificate that is served with ends then. */
  readonly certificateEnds: (at: Date) => void;
  /** In the text format 0.0.4. */
  readonly page: () => Promise<{ readonly text: string; readonly contentType: string }>;
}

const secondsBuckets = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const challengeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Metrics of one endpoint, in a registry of its own. @param version of the program. */
export function createMetrics(attester: Attester, version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ name: 'touchstone_build_info', help: 'Always 1.', registers, labelNames: ['version'] },
  }).set({ version }, 1);
  followQuotes(attester, registers);
  const host = createHostGauges(registers);
  return {
    answered: requestCounters(registers),
    ...tlsMetrics(registers),
    page: async () => {
      host(await attester.state().catch(() => null));
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}

function requestCounters(registers: Registry[]): Metrics['answered'] {
  const requests = new Counter({
    ...{ name: 'touchstone_http_requests_total', registers, labelNames: ['operation', 'status'] },
    help: 'Requests answered; 499: the client went away.',
  });
  const seconds = new Histogram({
    ...{ name: 'touchstone_http_request_seconds', help: 'Time from request to answer.', registers },
    ...{ labelNames: ['operation'], buckets: secondsBuckets },
  });
  const refusals = new Counter({
    ...{ name: 'touchstone_refusals_total', help: 'Problem documents sent, by type.', registers },
    labelNames: ['problem'],
  });
  return (event) => {
    requests.inc({ operation: event.operation, status: event.status });
    seconds.observe({ operation: event.operation }, event.seconds);
    if (event.problem !== null) refusals.inc({ problem: event.problem });
  };
}

function tlsMetrics(registers: Registry[]): Pick<Metrics, 'handshakeFailed' | 'certificateEnds'> {
  const handshakes = new Counter({
    ...{ name: 'touchstone_tls_handshakes_failed_total', registers },
    help: 'TLS handshakes that came to nothing.',
  });
  const certificate = new Gauge({
    ...{ name: 'touchstone_tls_certificate_expiry_seconds', registers },
    help: 'When the TLS certificate that is served with ends, in seconds since 1970; 0 without TLS.',
  });
  return {
    handshakeFailed: () => {
      handshakes.inc();
    },
    certificateEnds: (at) => {
      certificate.set(at.getTime() / 1000);
    },
  };
}

function followQuotes({ observeQuotes, waiting }: Attester, registers: Registry[]): void {
  const quotes = new Counter({
    ...{ name: 'touchstone_quotes_total', help: 'Quotes asked of the TPM.', registers },
    labelNames: ['outcome'],
  });
  const seconds = new Histogram({
    ...{ name: 'touchstone_snapshot_seconds', help: 'Time with log and TPM for one quote.', registers },
    buckets: secondsBuckets,
  });
  const challenges = new Histogram({
    ...{ name: 'touchstone_quote_challenges', help: 'Challenges that one quote answered.', registers },
    buckets: challengeBuckets,
  });
  new Gauge({
    ...{ name: 'touchstone_challenges_waiting', help: 'Challenges that wait for the TPM.', registers },
    collect() {
      this.set(waiting());
    },
  });
  observeQuotes((event) => {
    quotes.inc({ outcome: event.outcome });
    seconds.observe(event.seconds);
    if (event.outcome === 'answered') challenges.observe(event.challenges);
  });
}
