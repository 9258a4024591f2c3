import { faultPoint } from '#fault-point';

import { Cursor } from '../../verifier/bytes/cursor.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { withPrivateDirectory } from '../os/private-directory.ts';
import type { PersistentKey } from './device.ts';
import { handleText, type ToolDriver } from './tool-driver.ts';
import { certificateIndex, listHandles, readPublic } from './tpm-memory.ts';

export type KeyAlgorithm = 'ecc' | 'rsa';

/**
 * Where the endorsement keys are kept. The TCG ("TPM v2.0 Provisioning Guidance", section 7.8, and "Registry of Reserved
 * TPM 2.0 Handles and Localities") reserves 0x81010000 to 0x8101ffff for them and puts the RSA-2048 one at 0x81010001;
 * the P-256 one has its usual place behind it.
 */
export const endorsementHandles: Readonly<Record<KeyAlgorithm, number>> = {
  rsa: 0x81010001,
  ecc: 0x81010002,
};

/**
 * Where the attestation key is kept: in the part of the owner's range (0x81000000 to 0x817fffff) that the registry leaves
 * unassigned, away from the round numbers that others pick. The last two bytes are "ts" in ASCII.
 */
export const attestationHandle = 0x81027473;

/** What a public area begins with: TPM_ALG_ID of the key and its attributes (Part 2, sections 6.3 and 8.3). */
interface KeyKind {
  readonly name: string;
  readonly attributes: number;
}

/** fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt: the TCG's templates L-1 and L-2. */
const endorsementKind: KeyKind = { name: 'endorsement', attributes: 0x000300b2 };

/** fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign: what tpm2_createak makes. */
const attestationKind: KeyKind = { name: 'attestation', attributes: 0x00050072 };

const algorithmIdentifiers: Readonly<Record<KeyAlgorithm, number>> = { rsa: 0x0001, ecc: 0x0023 };

/** Whether the TPM has the curve P-256 (TPM2_GetCapability of TPM_CAP_ECC_CURVES); those without it sign with RSA. */
export async function signingAlgorithm(driver: ToolDriver): Promise<KeyAlgorithm> {
  const curves = await driver.run('tpm2_getcap', ['ecc-curves']);
  return /^TPM2_ECC_NIST_P256: 0x3$/m.test(curves) ? 'ecc' : 'rsa';
}

/** The endorsement key that has a certificate, P-256 before RSA; where none has, the one the TPM signs best with. */
export async function endorsementAlgorithm(driver: ToolDriver): Promise<KeyAlgorithm> {
  const indices = await listHandles(driver, 'nv-index');
  if (indices.has(certificateIndex.ecc)) return 'ecc';
  return indices.has(certificateIndex.rsa) ? 'rsa' : signingAlgorithm(driver);
}

/** Finds or makes the endorsement key of an algorithm, at its handle. */
export function provideEndorsementKey(driver: ToolDriver, algorithm: KeyAlgorithm): Promise<PersistentKey> {
  return provideKey(driver, endorsementHandles[algorithm], endorsementKind, algorithm, (context) =>
    driver.runSlow('tpm2_createek', ['-G', algorithm, '-c', context]),
  );
}

/** Finds or makes the attestation key, under an endorsement key that is persistent. */
export function provideAttestationKey(
  driver: ToolDriver,
  algorithm: KeyAlgorithm,
  endorsementHandle: number,
): Promise<PersistentKey> {
  const scheme = { ecc: 'ecdsa', rsa: 'rsassa' }[algorithm];
  return provideKey(driver, attestationHandle, attestationKind, algorithm, (context) =>
    driver.runSlow('tpm2_createak', [
      ...['-C', handleText(endorsementHandle), '-G', algorithm === 'rsa' ? 'rsa2048' : 'ecc'],
      ...['-g', 'sha256', '-s', scheme, '-c', context],
    ]),
  );
}

/**
 * @param make makes the key as a transient object and saves its context to the given path.
 */
async function provideKey(
  driver: ToolDriver,
  handle: number,
  kind: KeyKind,
  algorithm: KeyAlgorithm,
  make: (context: string) => Promise<unknown>,
): Promise<PersistentKey> {
  const present = await readPublic(driver, handle);
  if (present === null) await makePersistent(driver, handle, make);
  const area = present ?? (await readPublic(driver, handle));
  if (area === null)
    throw new CouldNotDecide(`the TPM did not keep the ${kind.name} key at ${handleText(handle)}`);
  checkKind(area, handle, kind, algorithm);
  return { handle, public: area };
}

// A TPM without a resource manager has three places for transient objects, and the tools leave theirs behind: so does
// one that was killed. Under the kernel's resource manager there is nothing to flush but our own.
async function makePersistent(
  driver: ToolDriver,
  handle: number,
  make: (context: string) => Promise<unknown>,
): Promise<void> {
  const flush = (): Promise<string> => driver.run('tpm2_flushcontext', ['-t']);
  await withPrivateDirectory(async (directory) => {
    const context = `${directory}/context`;
    await flush();
    await make(context);
    await flush();
    faultPoint('evictcontrol');
    await driver.run('tpm2_evictcontrol', ['-C', 'o', '-c', context, handleText(handle)]);
    await flush();
  });
}

// Whoever was root here before may have put another key at the handle, one that signs anything. Verifiers see that in
// the public area; we refuse it so that nobody has to wonder why.
function checkKind(area: Uint8Array, handle: number, kind: KeyKind, algorithm: KeyAlgorithm): void {
  const cursor = new Cursor(area, 'big');
  cursor.take(2, 'TPM2B_PUBLIC size');
  const type = cursor.u16('TPMT_PUBLIC type');
  cursor.u16('TPMT_PUBLIC nameAlg');
  if (
    cursor.u32('TPMT_PUBLIC objectAttributes') === kind.attributes &&
    type === algorithmIdentifiers[algorithm]
  )
    return;
  throw new CouldNotDecide(
    `the TPM holds another key than our ${kind.name} key at ${handleText(handle)}; ` +
      `remove it with tpm2_evictcontrol -C o -c ${handleText(handle)} if nobody needs it`,
  );
}
