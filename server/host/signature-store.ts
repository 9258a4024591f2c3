import { join } from 'node:path';

import type { Hex } from '../../verifier/bytes/hex.ts';
import { makePrivateDirectory, readIfPresent, writeDurable } from '../os/durable-file.ts';
import { signatureDirectory } from '../os/own-paths.ts';

/** Which signature: two people may sign one root hash. */
export interface SignatureKey {
  readonly rootHash: Hex;
  /** SHA-256 of the signer's certificate. */
  readonly signer: Hex | 'unsigned';
}

const maximumSignatureBytes = 1024 * 1024;

/**
 * Keeps the PKCS#7 messages of measured extensions for as long as the measurement log lives (both are below /run), so
 * that evidence can carry them when the image itself is gone. Files are named by what they sign and never change: a
 * crash leaves nothing half done, and a message that was tampered with does not verify.
 */
export async function keepSignature(root: string, key: SignatureKey, cms: Uint8Array): Promise<void> {
  const directory = await makePrivateDirectory(root, signatureDirectory);
  await writeDurable(join(directory, fileName(key)), cms, 0o600);
}

/** The PKCS#7 kept for a measured extension; null if there is none. */
export async function findSignature(root: string, key: SignatureKey): Promise<Uint8Array | null> {
  return readIfPresent(root, join(signatureDirectory, fileName(key)), maximumSignatureBytes);
}

// Both parts are hexadecimal, so the name cannot leave the directory.
function fileName({ rootHash, signer }: SignatureKey): string {
  return `${rootHash}-${signer}.p7s`;
}
