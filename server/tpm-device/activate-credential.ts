import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import type { Credential } from '../../verifier/enrolment/credential.ts';
import { readBounded, writeDurable } from '../os/durable-file.ts';
import { withPrivateDirectory } from '../os/private-directory.ts';
import { ToolFailed } from '../os/run.ts';
import { withEndorsementKey } from './endorsement-session.ts';
import { handleText, type ToolDriver } from './tool-driver.ts';

/** Persistent handles of the two keys that a credential is for. */
export interface CredentialKeys {
  readonly endorsement: number;
  readonly attestation: number;
}

/** The file that `tpm2_activatecredential -i` reads: these eight bytes, then the credential's two structures. */
const fileHeader = Uint8Array.of(0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1);

const maximumSecretBytes = 64;

/**
 * TPM2_ActivateCredential by `tpm2_activatecredential`.
 *
 * @returns the secret; null if the TPM says that the credential is none for these keys.
 */
export function activateCredential(
  driver: ToolDriver,
  { endorsement, attestation }: CredentialKeys,
  { credentialBlob, encryptedSecret }: Credential,
): Promise<Uint8Array | null> {
  return withPrivateDirectory(async (directory) => {
    const [file, secret] = [`${directory}/credential`, `${directory}/secret`];
    await writeDurable(file, Buffer.concat([fileHeader, credentialBlob, encryptedSecret]), 0o600);
    const keys = ['-c', handleText(attestation), '-C', handleText(endorsement)];
    const opened = await withEndorsementKey(driver, endorsement, `${directory}/session`, (authorisation) =>
      open(driver, [...keys, ...authorisation, '-i', file, '-o', secret]),
    );
    return opened ? readBounded(secret, maximumSecretBytes, { noFollow: true }) : null;
  });
}

async function open(driver: ToolDriver, args: readonly string[]): Promise<boolean> {
  try {
    await driver.run('tpm2_activatecredential', args);
    return true;
  } catch (error) {
    const code = error instanceof ToolFailed ? responseCode(error.message) : null;
    if (code === null || !(await refusesCredential(driver, code))) throw error;
    return false;
  }
}

/** As the tool prints it; null where it prints none, and so the TPM may not have been asked. */
function responseCode(message: string): number | null {
  const digits = /Esys_ActivateCredential\(0x([0-9A-Fa-f]{1,8})\)/.exec(message)?.[1];
  return digits === undefined ? null : parseInt(digits, 16);
}

/**
 * Whether a response code (TCG "TPM 2.0 Library Part 2", section 6.6) is about a parameter: the credential is for other keys, or
 * is none. Everything else is about the TPM, or the way to it, and must not look like that.
 */
async function refusesCredential(driver: ToolDriver, code: number): Promise<boolean> {
  const [formatOne, parameter, highest, failure] = [0x80, 0x40, 0xfff, 0x101];
  if ((code & formatOne) !== 0 && (code & parameter) !== 0 && code <= highest) return true;
  if (code !== failure) return false;
  // libtpms answers TPM_RC_FAILURE to a seed that is not encrypted to its RSA key, and goes on. One that has failed does not.
  return driver.run('tpm2_getrandom', ['1']).then(
    () => true,
    () => {
      throw new CouldNotDecide('the TPM has failed, and needs a reset');
    },
  );
}
