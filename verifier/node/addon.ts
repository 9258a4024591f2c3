import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import type { DigestedBlocks } from '../image/byte-source.ts';

/** Instructions that the addon can digest with. */
export type AddonEngine = 'avx512' | 'sha-ni' | 'openssl';

export interface AddonRequest {
  /** A file descriptor. */
  readonly file: number;
  readonly offset: number;
  readonly blockSize: number;
  readonly count: number;
  readonly algorithm: 'sha256' | 'sha512';
  readonly salt: Uint8Array;
  readonly saltAfter: boolean;
  readonly keepBlocks: boolean;
  /** SHA-512 is always OpenSSL's. */
  readonly engine: AddonEngine;
  /** 1 to 64. */
  readonly threads: number;
}

/** What native/addon.cc gives to JavaScript. */
export interface Addon {
  /** What this machine has, the fastest first. */
  readonly engines: readonly AddonEngine[];
  /** Throws for a request that is out of range; rejects with an error that has `code` and `errno` if reading fails. */
  digestBlocks(request: AddonRequest): Promise<DigestedBlocks>;
}

/** Where setup/build-addon.sh leaves it: as seen from the sources, and from what is compiled into a directory beside them. */
const places = [
  './native/build/Release/block_digests.node',
  '../../../verifier/node/native/build/Release/block_digests.node',
];

/**
 * The addon; null if it was not built, does not load here, or the environment variable TOUCHSTONE_NATIVE is 0. Everything
 * works without it, at a third of the speed.
 */
export function loadAddon(): Addon | null {
  if (process.env['TOUCHSTONE_NATIVE'] === '0') return null;
  const path = places
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return null;
  try {
    const loaded: unknown = createRequire(import.meta.url)(path);
    return isAddon(loaded) ? loaded : null;
  } catch {
    // Built for another processor, or for a Node.js with another OpenSSL.
    return null;
  }
}

function isAddon(loaded: unknown): loaded is Addon {
  return (
    typeof loaded === 'object' &&
    loaded !== null &&
    'digestBlocks' in loaded &&
    typeof loaded.digestBlocks === 'function' &&
    'engines' in loaded &&
    Array.isArray(loaded.engines) &&
    loaded.engines.length > 0
  );
}
