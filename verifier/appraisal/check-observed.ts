import type { ClaimedMerges } from '../evidence/claims.ts';
import type { ExtensionHistory } from '../measurement/extension-history.ts';
import { judgeMerged } from '../measurement/judge-merged.ts';
import { type Reason, reason } from '../reasons.ts';
import type { AppraisedMerge } from './appraisal.ts';

const classes = ['sysext', 'confext'] as const;

/** Holds what a host says is merged against its authenticated log. */
export function judgeObserved(history: ExtensionHistory, merged: ClaimedMerges): readonly AppraisedMerge[] {
  return classes.map((one) => {
    const { mutable, confirmed, problems } = merged[one];
    return { class: one, mutable, confirmed, problems, ...judgeMerged(history, one, merged[one]) };
  });
}

/**
 * Everything in what is merged that the log does not tell of. Root can merge without asking and without extending a PCR, and then
 * the log is as good as ever; the endpoint sees it all the same, unless root has replaced that as well.
 */
export function checkObserved(history: ExtensionHistory, observed: readonly AppraisedMerge[]): Reason[] {
  return observed.flatMap((one) => [
    ...checkMounts(one),
    ...checkUnapproved(history, one),
    ...checkPending(one),
    ...checkLayers(history, one),
  ]);
}

function checkMounts({ class: extensionClass, mutable, problems }: AppraisedMerge): Reason[] {
  const odd = problems.map((problem) =>
    reason('set-mismatch', `What is merged as ${extensionClass} does not add up: ${problem}.`),
  );
  if (mutable === 'no') return odd;
  const message = `What is merged as ${extensionClass} can be changed on the host (mutable: ${mutable}).`;
  return [reason('hierarchy-mutable', message), ...odd];
}

function checkUnapproved(
  { sets }: ExtensionHistory,
  { class: extensionClass, extensions }: AppraisedMerge,
): Reason[] {
  const measured = sets.get(extensionClass)?.extensions ?? [];
  return extensions
    .filter(({ verdict }) => verdict === 'unapproved')
    .map(({ name, rootHash }) => {
      const known = measured.some((one) => one.name === name && one.rootHash !== rootHash);
      const other = rootHash !== null && known ? ` with the root hash ${rootHash}` : '';
      const message = `${name} is merged as ${extensionClass}${other}, and by the log it should not be.`;
      return reason('unapproved', message);
    });
}

// A gate after which nobody has merged takes back nothing; but the claims have no signatures of the set before.
function checkPending({ class: extensionClass, extensions }: AppraisedMerge): Reason[] {
  const earlier = extensions.filter(({ verdict }) => verdict === 'earlier').map(({ name }) => name);
  if (earlier.length === 0) return [];
  const message = `${earlier.join(', ')} of the ${extensionClass} set before is still merged; the set that was approved since is not.`;
  return [reason('merge-pending', message)];
}

/** Whether what the log says is merged is there, in its layers. What is there besides has its own reason. */
function checkLayers(
  { sets }: ExtensionHistory,
  { class: extensionClass, confirmed, extensions }: AppraisedMerge,
): Reason[] {
  const measured = sets.get(extensionClass);
  if (measured?.state !== 'merged') return [];
  const expected = measured.extensions.map(({ name }) => name);
  const found = extensions.map(({ name }) => name);
  const absent = expected.filter((name) => !found.includes(name));
  if (absent.length > 0) {
    const message = `The log says that ${absent.join(', ')} is merged as ${extensionClass}, and it is not.`;
    return [reason('set-mismatch', message)];
  }
  const others = extensions.filter(({ verdict }) => verdict === 'unapproved').length;
  if (others > 0) return [];
  if (found.join('\n') !== expected.join('\n'))
    return [reason('set-mismatch', `The ${extensionClass} layers are not those of the log in its order.`)];
  // The names are right; what is behind them only the host's own look could have told.
  if (confirmed || found.length === 0) return [];
  const message = `What is merged as ${extensionClass} was merged anew since the merge that the log says was confirmed.`;
  return [reason('merge-unconfirmed', message)];
}
