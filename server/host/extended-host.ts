import type { ExtendedHost } from '../../verifier/image-verdict.ts';
import { hostScope, readHostRelease } from './host-release.ts';

/**
 * What extensions of a host must fit.
 *
 * @param root a whole host under a directory; `/` for this host.
 * @throws CouldNotDecide if the host does not say what it is.
 */
export async function readExtendedHost(root: string): Promise<ExtendedHost> {
  return { release: await readHostRelease(root), scope: await hostScope(root) };
}
