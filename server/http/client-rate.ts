/** How often one client may ask. */
export interface RateLimit {
  /** Requests at once after a pause. */
  readonly burst: number;
  readonly perSecond: number;
}

/** The most clients that are remembered; who asked longest ago is forgotten, which gives nobody more than a new burst. */
const maximumClients = 4096;

/**
 * Counts what each client asks (a token bucket each).
 *
 * @returns whether a client may ask now; asking counts.
 */
export function createClientRate({ burst, perSecond }: RateLimit): (client: string) => boolean {
  const clients = new Map<string, { readonly tokens: number; readonly at: number }>();
  return (client) => {
    const now = performance.now();
    const before = clients.get(client) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + ((now - before.at) / 1000) * perSecond);
    const allowed = tokens >= 1;
    // Deleted first, so that the map is in the order in which they last asked.
    clients.delete(client);
    clients.set(client, { tokens: allowed ? tokens - 1 : tokens, at: now });
    const [oldest] = clients.keys();
    if (clients.size > maximumClients && oldest !== undefined) clients.delete(oldest);
    return allowed;
  };
}
