import { parseLabels } from '../../verifier/policy/labels.ts';
import { type HostKnowledge, noHost, readHostKnowledge } from '../host/host-knowledge.ts';
import { readUserFile } from './decision-policy.ts';

/** Labels from a file that the user named; none without one. @throws PolicyInvalid */
export async function readLabels(path: string | undefined): Promise<ReadonlyMap<string, string>> {
  return path === undefined ? new Map() : parseLabels(await readUserFile(path), path);
}

/** What a command knows of the host that images are for: `--host` names it, and `--labels` says what labels it has. */
export async function readKnowledge(options: {
  readonly host?: string | undefined;
  readonly labels?: string | undefined;
}): Promise<HostKnowledge> {
  const knowledge = options.host === undefined ? noHost : await readHostKnowledge(options.host);
  return options.labels === undefined
    ? knowledge
    : { ...knowledge, labels: await readLabels(options.labels) };
}
