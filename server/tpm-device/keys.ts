import { faultPoint } from '#fault-point';

import { Cursor } from '../../verifier/bytes/cursor.ts';
import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { withPrivateDirectory } from '../os/private-directory.ts';
import type { PersistentKey } from './device.ts';
import { type EndorsementTemplate, endorsementTemplates, lowTemplates } from './endorsement-templates.ts';
import { withEndorsementKey } from './endorsement-session.ts';
import { handleText, type ToolDriver } from './tool-driver.ts';
import { listHandles, readPublic } from './tpm-memory.ts';

export type KeyAlgorithm = 'ecc' | 'rsa';

/**
 * Where the attestation key is kept: in the part of the owner's range (0x81000000 to 0x817fffff) that the registry leaves
 * unassigned, away from the round numbers that others pick. The last two bytes are "ts" in ASCII.
 */
export const attestationHandle = 0x81027473;

/** What a public area begins with: TPM_ALG_ID of the key and its attributes (Part 2, sections 6.3 and 8.3). */
interface KeyKind {
  readonly name: string;
  readonly attributes: readonly number[];
}

/**
 * fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign. Without noDA a TPM counts every power cut after
 * a quote as a failed authorisation (Part 1, section 19.8, "Non-orderly Shutdown"), and after a few locks itself, for all who use it. What earlier versions
 * made by tpm2_createak has none, and is kept.
 */
const attestationKind: KeyKind = { name: 'attestation', attributes: [0x00050472, 0x00050072] };

const attestationAttributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign';

const algorithmIdentifiers: Readonly<Record<KeyAlgorithm, number>> = { rsa: 0x0001, ecc: 0x0023 };

/** Whether the TPM has the curve P-256 (TPM2_GetCapability of TPM_CAP_ECC_CURVES); those without it sign with RSA. */
export async function signingAlgorithm(driver: ToolDriver): Promise<KeyAlgorithm> {
  const curves = await driver.run('tpm2_getcap', ['ecc-curves']);
  return /^TPM2_ECC_NIST_P256: 0x3$/m.test(curves) ? 'ecc' : 'rsa';
}

/** The template of a key that has a certificate in the TPM; null if none has. */
export async function certifiedTemplate(driver: ToolDriver): Promise<EndorsementTemplate | null> {
  const indices = await listHandles(driver, 'nv-index');
  return endorsementTemplates.find(({ certificateIndex }) => indices.has(certificateIndex)) ?? null;
}

/** The template of the endorsement key to use: one that has a certificate; where none has, what the TPM signs best with. */
export async function endorsementTemplate(driver: ToolDriver): Promise<EndorsementTemplate> {
  return (await certifiedTemplate(driver)) ?? lowTemplates[await signingAlgorithm(driver)];
}

/** Finds or makes the endorsement key of a template, at its handle. */
export function provideEndorsementKey(
  driver: ToolDriver,
  { type, handle, attributes, make }: EndorsementTemplate,
): Promise<PersistentKey> {
  return provideKey(driver, handle, { name: 'endorsement', attributes: [attributes] }, type, (context) =>
    make(driver, context),
  );
}

/** Finds or makes the attestation key, under an endorsement key that is persistent. */
export function provideAttestationKey(
  driver: ToolDriver,
  algorithm: KeyAlgorithm,
  endorsementHandle: number,
): Promise<PersistentKey> {
  const size = { ecc: 'ecc256:ecdsa-sha256', rsa: 'rsa2048:rsassa-sha256' }[algorithm];
  const key = ['-g', 'sha256', '-G', `${size}:null`, '-a', attestationAttributes];
  const parent = ['-C', handleText(endorsementHandle)];
  return provideKey(driver, attestationHandle, attestationKind, algorithm, (context) =>
    withPrivateDirectory(async (directory) => {
      const session = `${directory}/session`;
      const parts = ['-u', `${directory}/public`, '-r', `${directory}/private`];
      await withEndorsementKey(driver, endorsementHandle, session, (authorisation) =>
        driver.runSlow('tpm2_create', [...parent, ...authorisation, ...key, ...parts]),
      );
      await withEndorsementKey(driver, endorsementHandle, session, (authorisation) =>
        driver.run('tpm2_load', [...parent, ...authorisation, ...parts, '-c', context]),
      );
    }),
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
    kind.attributes.includes(cursor.u32('TPMT_PUBLIC objectAttributes')) &&
    type === algorithmIdentifiers[algorithm]
  )
    return;
  throw new CouldNotDecide(
    `the TPM holds another key than our ${kind.name} key at ${handleText(handle)}; ` +
      `remove it with tpm2_evictcontrol -C o -c ${handleText(handle)} if nobody needs it`,
  );
}
