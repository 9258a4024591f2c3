import { readResultKey } from '../result-key.ts';
import { type ExitCode, exitCodes, jsonText, type Output } from '../output.ts';

/** `touchstone jwks`: the public halves of the keys that sign results, as a JWK set (RFC 7517) for relying parties. */
export async function printJwks(paths: readonly string[], output: Output): Promise<ExitCode> {
  const keys = await Promise.all(paths.map(readResultKey));
  output.out(jsonText({ keys: keys.map(({ jwk }) => jwk) }));
  return exitCodes.yes;
}
