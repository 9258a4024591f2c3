import type { VerifyImageOptions } from '../../verifier/image-verdict.ts';
import { parseLabels } from '../../verifier/policy/labels.ts';
import { readIfPresent } from '../os/durable-file.ts';
import { labelsPath } from '../os/own-paths.ts';
import { readExtendedHost } from './extended-host.ts';
import { type History, highestAccepted } from './history.ts';
import { readHistory } from './history-file.ts';

/** What verdicts about one host's images depend on, besides image and policy. */
export type HostKnowledge = Pick<VerifyImageOptions, 'host' | 'labels' | 'acceptedVersion'>;

/** Where no host in particular is asked about. */
export const noHost: HostKnowledge = { host: null, labels: new Map(), acceptedVersion: () => null };

const maximumLabelBytes = 64 * 1024;

/**
 * What a host says of itself and remembers.
 *
 * @param root a whole host under a directory; `/` for this host.
 * @throws CouldNotDecide if the host does not say what it is, or its history is damaged.
 * @throws PolicyInvalid if its labels are none.
 */
export async function readHostKnowledge(
  root: string,
): Promise<HostKnowledge & { readonly history: History | null }> {
  const labels = await readIfPresent(root, labelsPath, maximumLabelBytes);
  const history = await readHistory(root);
  return {
    host: await readExtendedHost(root),
    labels: labels === null ? new Map() : parseLabels(labels, labelsPath),
    acceptedVersion: (name) => (history === null ? 'lost' : { highest: highestAccepted(history, name) }),
    history,
  };
}
