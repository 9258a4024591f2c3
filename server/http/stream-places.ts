/** Bounds of streams that are open at the same time. */
export interface StreamLimits {
  readonly all: number;
  /** Of one client with a certificate. */
  readonly each: number;
}

/** Gives out places for streams. */
export interface StreamPlaces {
  /** @param client null for one that has no name. @returns what gives the place back; `client` or `all` if there is none. */
  readonly take: (client: string | null) => (() => void) | 'client' | 'all';
}

/** @returns places within the limits. */
export function createStreamPlaces({ all, each }: StreamLimits): StreamPlaces {
  const taken = new Map<string, number>();
  let open = 0;
  return {
    take: (client) => {
      if (open >= all) return 'all';
      const own = client === null ? 0 : (taken.get(client) ?? 0);
      if (own >= each) return 'client';
      open++;
      if (client !== null) taken.set(client, own + 1);
      return () => {
        open--;
        if (client === null) return;
        const left = (taken.get(client) ?? 1) - 1;
        if (left === 0) taken.delete(client);
        else taken.set(client, left);
      };
    },
  };
}
