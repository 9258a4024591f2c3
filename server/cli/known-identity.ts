import { type Identity, parseIdentity } from '../../verifier/evidence/identity.ts';
import { readUserFile } from './decision-policy.ts';

/**
 * A host's identity document, as `GET /v1/identity` answers it on the host itself. Where the document came from is what
 * the appraisal's trust in the host rests on.
 */
export async function readKnownIdentity(path: string): Promise<Identity> {
  return parseIdentity(await readUserFile(path));
}
