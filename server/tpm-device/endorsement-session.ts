import { usedByPassword } from './endorsement-templates.ts';
import type { ToolDriver } from './tool-driver.ts';

/**
 * Does one command with an endorsement key. The policy of one of the low range wants the authorisation of the endorsement
 * hierarchy (TPM2_PolicySecret), which is empty unless its owner set one; one of the high range may be used by its own, which is empty.
 *
 * @param session path for the session's context.
 * @param use is given the arguments that authorise it, as tpm2-tools take them.
 */
export async function withEndorsementKey<T>(
  driver: ToolDriver,
  handle: number,
  session: string,
  use: (authorisation: readonly string[]) => Promise<T>,
): Promise<T> {
  if (usedByPassword(handle)) return use([]);
  await driver.run('tpm2_startauthsession', ['--policy-session', '-S', session]);
  try {
    await driver.run('tpm2_policysecret', ['-S', session, '-c', 'e']);
    return await use(['-P', `session:${session}`]);
  } finally {
    // Whatever happened: a TPM has room for 64.
    await driver.run('tpm2_flushcontext', [session]).catch(() => undefined);
  }
}
