import { createPrivateKey, type KeyObject } from 'node:crypto';

import { UsageError } from './output.ts';

/** @param path for the message only. @throws UsageError for anything but an unencrypted private key in PEM. */
export function parsePrivateKey(pem: Uint8Array, path: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pem), format: 'pem' });
  } catch {
    // What OpenSSL says of a key file may quote it.
    throw new UsageError(`${path} is not an unencrypted private key in PEM`);
  }
}
