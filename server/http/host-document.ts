import type { HostState } from '../attester/host-state.ts';
import { judgeMerged } from '../../verifier/measurement/judge-merged.ts';
import type { ExtensionClass, ExtensionHistory } from '../../verifier/measurement/extension-history.ts';
import type { MergedState } from '../host/merged/merged-state.ts';
import { eventId } from './host-events.ts';

/** `GET /v1/extensions` as it travels. Paths of the host stay on the host. */
export function toHostDocument({ log, events, history, merged }: HostState, bootId: string) {
  return {
    version: 1,
    bootId,
    lastEventId: eventId(bootId, events.length),
    log,
    classes: [...merged].map(([extensionClass, state]) => ({
      class: extensionClass,
      measured: toMeasuredDocument(extensionClass, history),
      merged: state === null ? null : toMergedDocument(extensionClass, history, state),
    })),
    violations: history.violations.map(({ class: extensionClass, code, name, rootHash }) => ({
      ...{ class: extensionClass, code, name, rootHash },
    })),
  };
}

function toMeasuredDocument(extensionClass: ExtensionClass, { sets }: ExtensionHistory) {
  const set = sets.get(extensionClass);
  if (set === undefined) return null;
  const { name, version, sha256 } = set.policy;
  return {
    state: set.state,
    policy: { name, version, sha256 },
    extensions: set.extensions.map((one) => ({
      ...{ name: one.name, version: one.version, hashAlgorithm: one.hashAlgorithm, rootHash: one.rootHash },
      ...{ signer: one.signer, rule: one.rule },
    })),
  };
}

function toMergedDocument(extensionClass: ExtensionClass, history: ExtensionHistory, state: MergedState) {
  const { extensions, agrees } = judgeMerged(history, extensionClass, state);
  const { hierarchies, mutable, since, problems } = state;
  return { agrees, hierarchies, mutable, since: since?.toISOString() ?? null, extensions, problems };
}
