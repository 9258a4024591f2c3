import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { handleText, runForFile, type ToolDriver } from './tool-driver.ts';

/** Handles of one kind that are taken (TPM2_GetCapability of TPM_CAP_HANDLES). */
export async function listHandles(
  driver: ToolDriver,
  kind: 'persistent' | 'nv-index',
): Promise<ReadonlySet<number>> {
  const text = await driver.run('tpm2_getcap', [`handles-${kind}`]);
  const lines = text.split('\n').filter((line) => line !== '');
  return new Set(lines.map((line) => parseHandle(line)));
}

// The absence of a handle is read from this list, not from an error of the command that uses it: a TPM that fails for
// another reason must not look like one in which nothing is.
function parseHandle(line: string): number {
  const digits = /^- 0x([0-9a-fA-F]{1,8})$/.exec(line)?.[1];
  if (digits === undefined)
    throw new CouldNotDecide('tpm2_getcap did not print handles in the form known here');
  return parseInt(digits, 16);
}

/** TPM2B_PUBLIC of a persistent object as `tpm2_readpublic -o` writes it; null if the handle is free. */
export async function readPublic(driver: ToolDriver, handle: number): Promise<Uint8Array | null> {
  if (!(await listHandles(driver, 'persistent')).has(handle)) return null;
  return runForFile(driver, 'tpm2_readpublic', (path) => ['-c', handleText(handle), '-f', 'tss', '-o', path]);
}

/** Reads an NV index by its own, empty authorisation, as certificates are readable by everybody; null if undefined. */
export async function readNv(driver: ToolDriver, index: number): Promise<Uint8Array | null> {
  if (!(await listHandles(driver, 'nv-index')).has(index)) return null;
  return runForFile(driver, 'tpm2_nvread', (path) => ['-o', path, handleText(index)]);
}

/**
 * A DER certificate without what follows it: makers define indices larger than the certificate and fill them up. What
 * does not look like a long DER SEQUENCE is given as it is; a verifier will say what it thinks of it.
 */
export function trimToSequence(bytes: Uint8Array): Uint8Array {
  const isLong = bytes[0] === 0x30 && bytes[1] === 0x82 && bytes.length > 4;
  const length = 4 + ((bytes[2] ?? 0) << 8) + (bytes[3] ?? 0);
  return isLong && length <= bytes.length ? bytes.slice(0, length) : bytes;
}
